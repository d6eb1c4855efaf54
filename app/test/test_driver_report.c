/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * What a running application shows of its devices: rte_dma_dump(), and telemetry asked for with
 * DPDK's own client from another process.
 *
 * Usage: test_driver_report [CLIENT]: the path of dpdk-telemetry.py.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)
#define FN1 TD_NAME(1)

/* Nobody's memory. */
#define BAD_ADDR 1

/* The largest reply. */
#define REPLY_LEN (16 << 10)

static const char *client;
static char file_prefix[64];

/* ---- what there is to report ----------------------------------------------------------------- */

/*
 * Copies at indices from *idx on, which end as asked for: 's' in success, 'd' at the destination;
 * '?' is to succeed, and may fail for another's fault.
 */
static void
copies(int16_t id, uint16_t vchan, uint64_t *idx, const char *ends)
{
	uint8_t *buf = td_alloc(128, 0);
	unsigned int n = strlen(ends), i;
	struct td_bound bound;

	memset(buf, 0x11, 128);
	for (i = 0; i < n; i++) {
		int ret = rte_dma_copy(id, vchan, (uintptr_t)buf,
				       ends[i] == 'd' ? BAD_ADDR : (uintptr_t)buf + 64, 64, 0);

		assert_int_equal(ret, (uint16_t)(*idx + i));
	}
	assert_return_code(rte_dma_submit(id, vchan), 0);
	td_bound_set(&bound);
	for (i = 0; i < n;) {
		enum rte_dma_status_code status[16];
		uint16_t last, got, k;

		got = rte_dma_completed_status(id, vchan, RTE_DIM(status), &last, status);
		for (k = 0; k < got; k++, i++) {
			const bool good = status[k] == RTE_DMA_STATUS_SUCCESSFUL;

			if (i >= n || (ends[i] != '?' && good != (ends[i] == 's')))
				fail_msg("operation %u of \"%s\": status %d", i, ends, status[k]);
		}
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("operation %u of \"%s\" does not complete", i, ends);
	}
	*idx += n;
	td_free(buf);
}

/* The part of a text that starts with @p from and ends before @p to; freed by the caller. */
static char *
part(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from);
	const char *end;
	char *copy;

	if (start == NULL)
		fail_msg("expected \"%s\", found:\n%s", from, text);
	end = strstr(start + strlen(from), to);
	copy = strndup(start, end != NULL ? (size_t)(end - start) : strlen(start));
	assert_non_null(copy);
	return copy;
}

static void
expect(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("expected \"%s\", found:\n%s", what, text);
}

static void
expect_not(const char *text, const char *what)
{
	if (strstr(text, what) != NULL)
		fail_msg("expected no \"%s\", found:\n%s", what, text);
}

/* The number behind the first @p name in a text. */
static uint64_t
number(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (at == NULL)
		fail_msg("expected \"%s\", found:\n%s", name, text);
	return strtoull(at + strlen(name), NULL, 10);
}

/* ---- in words -------------------------------------------------------------------------------- */

static void
test_dump_arguments(void **state)
{
	char *text;
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "max_cxt=55,max_ring=4096,max_vchans=7,completion=batch,watchdog=4321,"
			   "errlog_size=192");
	text = td_dump(id);
	expect(text, "SDXI version: 1.0\n");
	expect(text, "function state: STOP (0), not in use\n");
	expect(text, "contexts 1 to 55, rings up to 4096 descriptors");
	expect(text, "max_vchans=7, completion=batch, watchdog=4321 ms, errlog_size=192\n");
	expect(text, "error log: not enabled\n");
	expect(text, "administrative: not set up\n");
	expect_not(text, "vchan 0:");
	free(text);

	td_configure(id, 2);
	td_vchan_setup(id, 1, 333);
	text = td_dump(id);
	expect(text, "function state: ACTIVE (2), in use\n");
	expect(text, "completions in use: batch");
	expect(text, "error log: 192 entries, read up to 0,");
	expect(text, "administrative: context 0 RUN, answers commands");
	expect(text, "vchan 0: not set up\n");
	expect(text, "vchan 1: context 2 STOP_SW, ");
	expect(text, "up to 333 operations\n");
	expect_not(text, "vchan 2:");
	free(text);

	td_vchan_setup(id, 0, 100);
	assert_return_code(rte_dma_start(id), 0);
	text = td_dump(id);
	expect(text, "function state: ACTIVE (2), in use, started\n");
	expect(text, "vchan 0: context 1 RUN, in use, ");
	free(text);
	assert_return_code(rte_dma_stop(id), 0);
	td_remove(FN0);
}

/* Failed operations, on one channel of two. */
static void
test_dump_errors(void **state)
{
	const char *reaction = *state;
	char args[64], what[128];
	uint64_t idx[2] = { 0 };
	char *text, *line;
	int16_t id;

	snprintf(args, sizeof(args), "error=%s", reaction);
	id = td_open(FN0, args, 2, 100);
	copies(id, 0, &idx[0], "sss");
	copies(id, 1, &idx[1], "ss");
	copies(id, 1, &idx[1], "d");
	copies(id, 1, &idx[1], "ssd");
	/* Written, and not handed over. */
	assert_return_code(rte_dma_copy(id, 0, BAD_ADDR, BAD_ADDR, 1, 0), 0);
	text = td_dump(id);
	expect(text, "    entries 2, overflows 0, unusable 0, bad ERR_WRT 0, invalid entries 0, "
	       "about other contexts 0, lines left out 0\n");
	snprintf(what, sizeof(what), "buffer 1: data buffer: address translation failure (%s; ",
		 strcmp(reaction, "stop") == 0 ? "context stopped" : "informative");
	line = part(text, "    error 0: context 2, descriptor ", "\n");
	expect(line, what);
	free(line);
	line = part(text, "    error 1: context 2, descriptor ", "\n");
	expect(line, what);
	free(line);
	expect_not(text, "    error 2:");

	line = part(text, "  vchan 0:", "  vchan 1:");
	expect(line, "context 1 RUN, in use,");
	expect(line, "operations: enqueued 4, submitted 3, reported 3, outstanding 0\n");
	expect(line, "descriptors: written 4, Write_Index 3, Read_Index 3\n");
	expect(line, "statistics: submitted 3, completed 3, errors 0, recoveries 0, function "
	       "resets 0\n");
	expect(line, "possibly lost 0\n");
	free(line);
	line = part(text, "  vchan 1:", "  vchan 2:");
	expect(line, "context 2 RUN, in use,");
	expect(line, "submitted 6, completed 6, errors 2, ");
	expect(line, "outstanding 0\n");
	expect(line, "function resets 0\n");
	/* A context that has stopped was started again. */
	if (strcmp(reaction, "stop") == 0)
		assert_int_equal(number(line, "recoveries "), 2);
	free(line);
	free(text);
	td_remove(FN0);
}

/* More errors than are kept, than are printed, and than the log holds. */
static void
test_dump_many_errors(void **state)
{
	uint64_t idx = 0, entries;
	char *text;
	int16_t id;
	int i;

	RTE_SET_USED(state);
	id = td_open(FN0, "error=continue,watchdog=0,errlog_size=64,fault=log_ovf:cxt=1:op=4:count=1,"
			  "fault=log_err:cxt=1:op=6:count=1", 1, 100);
	copies(id, 0, &idx, "dddd");
	copies(id, 0, &idx, "dd");
	copies(id, 0, &idx, "d");
	for (i = 0; i < 40; i++)
		copies(id, 0, &idx, "d");
	text = td_dump(id);
	entries = number(text, "    entries ");
	assert_in_range(entries, 17, 45);
	assert_true(number(text, ", overflows ") >= 1);
	assert_true(number(text, ", unusable ") >= 1);
	assert_true(number(text, ", lines left out ") >= 1);
	assert_int_equal(number(text, "    error "), entries - 16);
	expect(text, "submitted 47, completed 47, errors 47,");
	free(text);
	td_remove(FN0);
}

/* The function itself has failed: its own entry says so, and so does the channel's line. */
static void
test_dump_reset(void **state)
{
	uint64_t idx = 0;
	char *text;
	int16_t id;

	RTE_SET_USED(state);
	id = td_open(FN0, "fault=fn_error:cxt=1:op=2,watchdog=100", 1, 100);
	copies(id, 0, &idx, "ss");
	copies(id, 0, &idx, "?");
	copies(id, 0, &idx, "s");
	text = td_dump(id);
	expect(text, "function state: ACTIVE (2), in use, started\n");
	expect(text, "(function stopped; class ");
	assert_int_equal(number(text, ", function resets "), 1);
	expect(text, "vchan 0: context 1 RUN, in use,");
	expect(text, "submitted 4, completed 4,");
	free(text);
	td_remove(FN0);
}

/* ---- telemetry ------------------------------------------------------------------------------- */

/* A client with these commands, one a line, and with its output in @p out. */
static pid_t
client_start(const char *commands, FILE **out)
{
	FILE *in = tmpfile();
	pid_t pid;

	*out = tmpfile();
	assert_true(in != NULL && *out != NULL);
	fputs(commands, in);
	rewind(in);
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		dup2(fileno(in), STDIN_FILENO);
		dup2(fileno(*out), STDOUT_FILENO);
		execlp("python3", "python3", client, "-f", file_prefix, (char *)NULL);
		_exit(127);
	}
	fclose(in);
	return pid;
}

static bool
client_has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	assert_return_code(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT), errno);
	return info.si_pid == pid;
}

/* What it has printed; freed by the caller. */
static char *
client_end(pid_t pid, FILE *out)
{
	long len;
	char *text;
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	fseek(out, 0, SEEK_END);
	len = ftell(out);
	rewind(out);
	text = malloc(len + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, len, out), len);
	text[len] = '\0';
	fclose(out);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s ended with status 0x%x: %s", client, status, text);
	expect_not(text, "Error");
	return text;
}

static char *
ask(const char *commands)
{
	FILE *out;
	pid_t pid = client_start(commands, &out);

	return client_end(pid, out);
}

/* Without a client there is nothing to test. */
static void
need_client(void)
{
	if (client != NULL && access(client, R_OK) == 0)
		return;
	print_message("no dpdk-telemetry.py%s%s: skipped\n", client != NULL ? " at " : "",
		      client != NULL ? client : "");
	skip();
}

static void
test_telemetry(void **state)
{
	uint64_t idx[2] = { 0 };
	char commands[256], what[64];
	char *text, *line;
	unsigned int n = 0;
	int16_t id, other;

	RTE_SET_USED(state);
	need_client();
	text = ask("/dmadev_sdxi/list\n");
	expect(text, "{\"/dmadev_sdxi/list\": []}");
	free(text);

	id = td_open(FN0, "error=continue,max_cxt=33,errlog_size=128,completion=op,watchdog=5000",
		     2, 100);
	other = td_probe(FN1, "max_vchans=3,completion=batch");
	copies(id, 0, &idx[0], "sss");
	copies(id, 1, &idx[1], "sd");

	text = ask("/dmadev_sdxi/list\n");
	snprintf(what, sizeof(what), "{\"/dmadev_sdxi/list\": [%d, %d]}", id, other);
	expect(text, what);
	free(text);

	snprintf(commands, sizeof(commands), "/dmadev_sdxi/info,%d\n", id);
	text = ask(commands);
	expect(text, "\"name\": \"" FN0 "\"");
	expect(text, "\"version\": \"1.0\"");
	expect(text, "\"state\": \"ACTIVE\"");
	expect(text, "\"condition\": \"in use, started\"");
	expect(text, "\"max_cxt\": 33,");
	expect(text, "\"completion\": \"op\"");
	expect(text, "\"watchdog_ms\": 5000,");
	expect(text, "\"errlog_size\": 128,");
	expect(text, "\"nb_vchans\": 2,");
	line = part(text, "\"administrative\": {", "}");
	expect(line, "\"context\": 0, \"state\": \"RUN\", \"condition\": \"answers commands\"");
	free(line);
	line = part(text, "\"all_vchans\": {", "}");
	expect(line, "\"submitted\": 5, \"completed\": 5, \"errors\": 1,");
	expect(line, "\"outstanding\": 0");
	free(line);
	line = part(text, "\"errlog\": {", "}}");
	expect(line, "\"enabled\": 1,");
	expect(line, "\"size\": 128, \"read\": 1, \"entries\": 1, \"overflows\": 0,");
	expect(line, "\"last\": {\"0\": {\"context\": 2, \"descriptor\": 1, \"buffer\": 1, "
		     "\"step\": \"data buffer\", \"sub_step\": \"address translation failure\", "
		     "\"reaction\": \"informative\", \"class\": ");
	free(line);
	free(text);

	snprintf(commands, sizeof(commands), "/dmadev_sdxi/info,%d\n", other);
	text = ask(commands);
	expect(text, "\"state\": \"STOP\", \"condition\": \"not in use\"");
	expect(text, "\"max_vchans\": 3, \"completion\": \"batch\"");
	expect(text, "\"administrative\": {}");
	expect(text, "\"last\": {}");
	free(text);

	snprintf(commands, sizeof(commands), "/dmadev_sdxi/vchan,%d,0\n/dmadev_sdxi/vchan,%d,1\n",
		 id, id);
	text = ask(commands);
	line = part(text, "\"vchan\": 0,", "\n");
	expect(line, "\"set_up\": 1, \"context\": 1, \"state\": \"RUN\", "
		     "\"condition\": \"in use\"");
	expect(line, "\"nb_desc\": 100, \"ops_enqueued\": 3, \"ops_submitted\": 3, "
		     "\"ops_reported\": 3, \"ops_outstanding\": 0, "
		     "\"descriptors_written\": 3, \"write_index\": 3, "
		     "\"read_index\": 3, \"submitted\": 3, \"completed\": 3, \"errors\": 0,");
	free(line);
	line = part(text, "\"vchan\": 1,", "\n");
	expect(line, "\"context\": 2,");
	expect(line, "\"submitted\": 2, \"completed\": 2, \"errors\": 1,");
	free(line);
	free(text);
	td_remove(FN0);

	/* What is not there (any more) is null, and so is what is no number. */
	snprintf(commands, sizeof(commands),
		 "/dmadev_sdxi/info,%d\n/dmadev_sdxi/vchan,%d,0\n/dmadev_sdxi/info\n"
		 "/dmadev_sdxi/info,x\n/dmadev_sdxi/info,%dx\n/dmadev_sdxi/info,99999\n"
		 "/dmadev_sdxi/vchan,%d\n/dmadev_sdxi/vchan,%d,9\n/dmadev_sdxi/vchan,%d,\n",
		 id, id, other, other, other, other);
	text = ask(commands);
	for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), n++)
		if (strstr(line, ": null}") == NULL)
			fail_msg("expected null, found %s", line);
	assert_int_equal(n, 9);
	free(text);
	td_remove(FN1);
}

/* Much to say: a reply still fits, and is whole. */
static void
test_telemetry_many(void **state)
{
	uint64_t idx = 0;
	char commands[128];
	char *text;
	int16_t id;
	int i;

	RTE_SET_USED(state);
	need_client();
	id = td_open(FN0, "error=continue,watchdog=0", 100, 100);
	for (i = 0; i < 30; i++)
		copies(id, 99, &idx, "d");
	snprintf(commands, sizeof(commands), "/dmadev_sdxi/info,%d\n/dmadev_sdxi/vchan,%d,99\n", id,
		 id);
	text = ask(commands);
	assert_in_range(strlen(text), 1000, REPLY_LEN - 1000);
	expect(text, "\"entries\": 30,");
	expect(text, "\"14\": {\"context\": 100, \"descriptor\": 14,");
	expect(text, "\"29\": {\"context\": 100, \"descriptor\": 29,");
	expect_not(text, "\"13\": {");
	expect(text, "\"nb_vchans\": 100,");
	expect(text, "\"errors\": 30,");
	free(text);
	td_remove(FN0);
}

/*
 * Asked all the time, while a device is configured, runs, fails, and goes and comes back. dmadev's
 * own command is asked for only where it stays: it looks at a device without holding on to it.
 */
static void
test_telemetry_busy(void **state)
{
	const bool stays = strcmp(*state, "stays") == 0;
	const unsigned int rounds = 300, kinds = 4;
	char *commands, *text, *line;
	unsigned int i, n = 0;
	uint64_t idx;
	int16_t id;
	FILE *out;
	pid_t pid;

	need_client();
	id = td_probe(FN0, "error=continue,watchdog=0");
	commands = malloc(rounds * 160);
	assert_non_null(commands);
	for (i = 0; i < rounds; i++)
		n += sprintf(commands + n, "/dmadev_sdxi/list\n/dmadev_sdxi/info,%d\n"
			     "/dmadev_sdxi/vchan,%d,%u\n%s,%d\n", id, id, i % 3,
			     stays ? "/dmadev/dump" : "/dmadev_sdxi/info", id);
	pid = client_start(commands, &out);
	do {
		if (!stays) {
			td_remove(FN0);
			assert_int_equal(td_probe(FN0, "error=continue,watchdog=0"), id);
		}
		td_up(id, 2, 100);
		idx = 0;
		copies(id, 0, &idx, "sd");
		assert_return_code(rte_dma_stop(id), 0);
		td_up(id, 1, 100);
		idx = 0;
		copies(id, 0, &idx, "ds");
		assert_return_code(rte_dma_stop(id), 0);
	} while (!client_has_ended(pid));
	text = client_end(pid, out);
	for (line = text, n = 0; (line = strstr(line, "{\"/dmadev")) != NULL; line++)
		n++;
	assert_int_equal(n, kinds * rounds);
	free(text);
	free(commands);
	td_remove(FN0);
}

int
main(int argc, char **argv)
{
	static char stop[] = "stop", go_on[] = "continue", stays[] = "stays", goes[] = "goes";
	const struct CMUnitTest tests[] = {
		TD_TEST(test_dump_arguments),
		TD_TEST_WITH(test_dump_errors, "stop", stop),
		TD_TEST_WITH(test_dump_errors, "continue", go_on),
		TD_TEST(test_dump_many_errors),
		TD_TEST(test_dump_reset),
		TD_TEST(test_telemetry),
		TD_TEST(test_telemetry_many),
		TD_TEST_WITH(test_telemetry_busy, "device stays", stays),
		TD_TEST_WITH(test_telemetry_busy, "device comes and goes", goes),
	};
	int ret;

	client = argc > 1 ? argv[1] : NULL;
	snprintf(file_prefix, sizeof(file_prefix), "sdxi-report-%d", getpid());
	if (!td_eal_init_telemetry(argv[0], 256, file_prefix))
		return 1;
	ret = TD_RUN("driver, reports", tests, NULL);
	rte_eal_cleanup();
	return ret;
}
