/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Status of devices in a running application: rte_dma_dump(), statistics, and dmadev telemetry,
 * queried with DPDK's client from another process and by other threads.
 *
 * Usage: test_driver_report [CLIENT], the path of dpdk-telemetry.py.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)

/* Unmapped address. */
#define BAD_ADDR 1

static const char *client;
static char file_prefix[64];

/* ---- operations to report -------------------------------------------------------------------- */

/*
 * Copies from index *idx on, one per character of ends: 's' succeeds, 'd' fails at the destination.
 */
static void
copies(int16_t id, uint16_t vchan, uint64_t *idx, const char *ends)
{
	uint8_t *buf = td_alloc(128, 0);
	unsigned int n = strlen(ends), i;
	enum rte_dma_status_code status[16];

	memset(buf, 0x11, 128);
	for (i = 0; i < n; i++) {
		int ret = rte_dma_copy(id, vchan, (uintptr_t)buf,
				       ends[i] == 'd' ? BAD_ADDR : (uintptr_t)buf + 64, 64, 0);

		assert_int_equal(ret, (uint16_t)(*idx + i));
	}
	assert_return_code(rte_dma_submit(id, vchan), 0);
	td_statuses(id, vchan, n, status);
	for (i = 0; i < n; i++)
		if ((status[i] == RTE_DMA_STATUS_SUCCESSFUL) != (ends[i] == 's'))
			fail_msg("operation %u of \"%s\": status %d", i, ends, status[i]);
	*idx += n;
	td_free(buf);
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

/* ---- dump ------------------------------------------------------------------------------------ */

/* Failed operations, on one vchan of two. */
static void
test_dump_errors(void **state)
{
	const bool stops = strcmp(*state, "error=stop") == 0;
	const char *order = getenv(TD_ORDER);
	uint64_t idx[2] = { 0 };
	char *text;
	int16_t id;

	id = td_open(FN0, *state, 2, 100);
	copies(id, 0, &idx[0], "sss");
	copies(id, 1, &idx[1], "ss");
	copies(id, 1, &idx[1], "d");
	copies(id, 1, &idx[1], "ssd");
	/* Enqueued but not submitted. */
	assert_return_code(rte_dma_copy(id, 0, BAD_ADDR, BAD_ADDR + 1, 1, 0), 0);
	text = td_dump(id);
	expect(text, "error log: entries 2, invalid 0, overflows 0, unusable 0\n");
	expect(text, "RUN");
	expect_not(text, "STOP");
	assert_int_equal(td_dump_number(id, "vchan 0:", "submitted "), 3);
	assert_int_equal(td_dump_number(id, "vchan 0:", "failed "), 0);
	assert_int_equal(td_dump_number(id, "vchan 0:", "recoveries "), 0);
	assert_int_equal(td_dump_number(id, "vchan 1:", "submitted "), 6);
	assert_int_equal(td_dump_number(id, "vchan 1:", "failed "), 2);
	/* A stopped context was started again. */
	if (order == NULL || strcmp(order, "in") == 0)
		assert_int_equal(td_dump_number(id, "vchan 1:", "recoveries "), stops ? 2 : 0);
	free(text);
	td_remove(FN0);
}

static void
test_dump_log(void **state)
{
	uint64_t idx = 0;
	char *text;
	int16_t id;
	int i;

	RTE_SET_USED(state);
	id = td_open(FN0, "error=continue,watchdog=0,errlog_size=64,fault=log_ovf:cxt=1:op=4,"
			  "fault=log_err:cxt=1:op=6", 1, 100);
	copies(id, 0, &idx, "dddd");
	copies(id, 0, &idx, "dd");
	/* More than the log holds. */
	for (i = 0; i < 100; i++)
		copies(id, 0, &idx, "d");
	text = td_dump(id);
	expect(text, "error log: entries 104, invalid 0, overflows 1, unusable 1\n");
	assert_int_equal(td_dump_number(id, "vchan 0:", "failed "), 106);
	free(text);
	td_remove(FN0);
}

/* ---- other threads --------------------------------------------------------------------------- */

static struct {
	int16_t id;
	bool end; /* atomic */
	unsigned int rounds, wrong;
} looker;

static void *
look(void *arg)
{
	struct rte_dma_stats stats;
	FILE *f = fopen("/dev/null", "w");
	unsigned int i;

	RTE_SET_USED(arg);
	while (f != NULL && !__atomic_load_n(&looker.end, __ATOMIC_RELAXED)) {
		looker.wrong += rte_dma_dump(looker.id, f) < 0;
		/* Some vchans do not exist all the time. */
		for (i = 0; i < 40; i++)
			rte_dma_stats_get(looker.id, i, &stats);
		looker.wrong += rte_dma_stats_get(looker.id, RTE_DMA_ALL_VCHAN, &stats) < 0;
		__atomic_fetch_add(&looker.rounds, 1, __ATOMIC_RELAXED);
	}
	if (f != NULL)
		fclose(f);
	return NULL;
}

/* One thread queries continuously, while another one configures, starts, copies and stops. */
static void
test_threads(void **state)
{
	const unsigned int rounds = td_is_slow() ? 50 : 300;
	pthread_attr_t attr;
	pthread_t thread;
	unsigned int i, v;
	uint64_t idx;

	RTE_SET_USED(state);
	memset(&looker, 0, sizeof(looker));
	looker.id = td_probe(FN0, "error=continue,watchdog=0");
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t), td_cpus());
	assert_int_equal(pthread_create(&thread, &attr, look, NULL), 0);
	pthread_attr_destroy(&attr);
	for (i = 0; i < rounds || __atomic_load_n(&looker.rounds, __ATOMIC_RELAXED) < rounds; i++) {
		const uint16_t nb = i % 3 == 0 ? 40 : 1 + i % 3;

		td_configure(looker.id, nb);
		for (v = 0; v < nb; v++)
			td_vchan_setup(looker.id, v, 16);
		td_vchan_setup(looker.id, i % nb, 1 + i % 700);
		assert_return_code(rte_dma_start(looker.id), 0);
		idx = 0;
		copies(looker.id, i % nb, &idx, i % 2 == 0 ? "s" : "d");
		assert_return_code(rte_dma_stop(looker.id), 0);
	}
	__atomic_store_n(&looker.end, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(looker.wrong, 0);
	td_remove(FN0);
}

/* ---- telemetry ------------------------------------------------------------------------------- */

/* Start a client with these commands, one per line, and its output in @p out. */
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

/* Return its output; the caller frees it. */
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

/* Skip without a client. */
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
	char *text;
	int16_t id;

	RTE_SET_USED(state);
	need_client();
	id = td_open(FN0, "error=continue,max_cxt=33", 2, 100);
	copies(id, 0, &idx[0], "sss");
	copies(id, 1, &idx[1], "sd");
	snprintf(commands, sizeof(commands), "/dmadev/list\n/dmadev/info,%d\n/dmadev/stats,%d,0\n"
		 "/dmadev/stats,%d,1\n/dmadev/dump,%d\n", id, id, id, id);
	text = ask(commands);
	snprintf(what, sizeof(what), "{\"/dmadev/list\": [%d]}", id);
	expect(text, what);
	expect(text, FN0);
	expect(text, "\"max_vchans\": 33,");
	expect(text, "\"submitted\": 3, \"completed\": 3, \"errors\": 0}");
	expect(text, "\"submitted\": 2, \"completed\": 2, \"errors\": 1}");
	expect(text, "vchan 1: context 2");
	free(text);
	td_remove(FN0);
}

/* Query continuously while a device is configured, runs, and fails. */
static void
test_telemetry_busy(void **state)
{
	const unsigned int rounds = 300;
	char *commands, *text, *line;
	unsigned int i, n = 0;
	uint64_t idx;
	int16_t id;
	FILE *out;
	pid_t pid;

	RTE_SET_USED(state);
	need_client();
	id = td_probe(FN0, "error=continue,watchdog=0");
	commands = malloc(rounds * 160);
	assert_non_null(commands);
	for (i = 0; i < rounds; i++)
		n += sprintf(commands + n, "/dmadev/list\n/dmadev/info,%d\n/dmadev/stats,%d,%u\n"
			     "/dmadev/dump,%d\n", id, id, i % 3, id);
	pid = client_start(commands, &out);
	do {
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
	assert_int_equal(n, 4 * rounds);
	free(text);
	free(commands);
	td_remove(FN0);
}

int
main(int argc, char **argv)
{
	static char stop[] = "error=stop", cont[] = "error=continue";
	const struct CMUnitTest tests[] = {
		TD_TEST_WITH(test_dump_errors, "error=stop", stop),
		TD_TEST_WITH(test_dump_errors, "error=continue", cont),
		TD_TEST(test_dump_log),
		TD_TEST(test_threads),
		TD_TEST(test_telemetry),
		TD_TEST(test_telemetry_busy),
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
