/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "perf_conf.h"
#include "perf_progress.h"
#include "perf_result.h"
#include "perf_run.h"

#define PROGRAM "dpdk-test-dma-perf"
#define EAL_HINT "EAL arguments go after -- at the end, or into eal_args of the INI file"

enum exit_code {
	EXIT_OK,
	EXIT_CASE_FAILED,
	EXIT_USAGE,		/* bad options or INI file, or the results cannot be written */
	EXIT_EAL,		/* EAL cannot start: with --list-dma, or in the process of a case */
	EXIT_INTERRUPTED,	/* exit code of a case's process only */
};

struct options {
	const char *config;
	const char *result;
	bool list_dma;
	char **eal_args;	/* after "--" */
	unsigned int nb_eal_args;
};

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t case_pid;

/* Forward the first signal: the case then writes what it measured. Kill it on the second. */
static void
on_signal(int sig)
{
	if (case_pid > 0)
		kill(case_pid, interrupted == 0 ? sig : SIGKILL);
	interrupted = sig;
}

static void
print_help(void)
{
	printf("Usage: " PROGRAM " --config FILE [--result FILE] [--list-dma] [-- EAL-ARGUMENT...]\n"
	       "\n"
	       "Measures how fast DMA devices and CPUs move memory, and checks every byte.\n"
	       "\n"
	       "  --config FILE   INI file with the cases to run\n"
	       "  --result FILE   CSV file to write; default: FILE of --config, its suffix replaced\n"
	       "                  by _result.csv. A JSON file with all figures is written next to\n"
	       "                  it, with the suffix .json\n"
	       "  --list-dma      list the DMA devices that EAL finds and their capabilities; run\n"
	       "                  nothing\n"
	       "  --help          this text\n"
	       "  -- ARGUMENT...  EAL arguments, added to eal_args of every case\n"
	       "\n"
	       "Sections of the INI file: [GLOBAL], and [case1], [case2], ..., which run in the\n"
	       "order of the file. A comment begins with ';'. Keys:\n");
	perf_conf_print_keys(stdout);
	printf("\n"
	       "A range is one number, or first,last,increment,ADD|MUL. All combinations of a case's\n"
	       "ranges run, each as a scenario.\n"
	       "\n"
	       "Passes of a scenario, each after a warm-up of %d ms, and followed by verification:\n"
	       "  throughput      for test_seconds, with as many operations in flight as the ring and\n"
	       "                  the buffers allow. Bandwidth, MOps and cycles are measured in this\n"
	       "                  pass, and nothing else\n"
	       "  cycles          the same for detail_ms, reading the clock after each step: CPU cycles\n"
	       "                  per operation in enqueue, submit, polls that find completions, and\n"
	       "                  empty polls (waiting for the device). Includes the cost of reading\n"
	       "                  the clock\n"
	       "  latency         for detail_ms, one operation in flight: from its enqueue to the poll\n"
	       "                  that finds it completed\n"
	       "  batch latency   for detail_ms, kick_batch operations in flight: from the first enqueue\n"
	       "                  to the poll that finds the last one completed\n"
	       "CPU cases have throughput and latency only. Percentiles come from a histogram: at least\n"
	       "the true value, and above it by less than 1/%u. Minimum and maximum are exact.\n"
	       "\n"
	       "On SIGINT and SIGTERM, results so far are written and marked as interrupted.\n"
	       "\n"
	       "Exit code: 0 all cases ran and all data was correct; 1 a case failed; 2 a mistake in\n"
	       "the options or the INI file; 3 EAL cannot start (--list-dma only); 128 + the signal's\n"
	       "number if interrupted.\n", PERF_WARM_UP_MS, PERF_HIST_SUB);
}

/* Returns 0 to continue, a negative value to exit with success, or a positive exit code. */
static int
parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "result", required_argument, NULL, 'r' },
		{ "list-dma", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, i;

	while ((c = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			opt->config = optarg;
			break;
		case 'r':
			opt->result = optarg;
			break;
		case 'l':
			opt->list_dma = true;
			break;
		case 'h':
			print_help();
			return -1;
		default:
			fprintf(stderr, "error: unknown or incomplete option, see " PROGRAM " --help; "
				EAL_HINT "\n");
			return EXIT_USAGE;
		}
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0) {
		fprintf(stderr, "error: '%s' found, expected an option; " EAL_HINT "\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	/* The order of other DPDK applications: EAL arguments, --, own options. */
	for (i = optind; i < argc; i++) {
		if (strncmp(argv[i], "--config", 8) != 0 && strncmp(argv[i], "--result", 8) != 0 &&
		    strcmp(argv[i], "--list-dma") != 0)
			continue;
		fprintf(stderr, "error: '%s' found after --, expected before it; " EAL_HINT "\n",
			argv[i]);
		return EXIT_USAGE;
	}
	if (opt->config == NULL) {
		fprintf(stderr, "error: --config FILE is missing, see " PROGRAM " --help\n");
		return EXIT_USAGE;
	}
	opt->eal_args = argv + optind;
	opt->nb_eal_args = argc - optind;
	return 0;
}

/* Replace the suffix of the path, or append one if it has none. */
static char *
with_suffix(const char *path, const char *suffix)
{
	const char *base = strrchr(path, '/');
	const char *dot;
	size_t len = strlen(path);
	char *out = NULL;

	base = base == NULL ? path : base + 1;
	dot = strrchr(base, '.');
	if (dot != NULL && dot != base)
		len = dot - path;
	if (asprintf(&out, "%.*s%s", (int)len, path, suffix) < 0)
		return NULL;
	return out;
}

/* EAL keeps pointers to its arguments and reorders argv. */
struct eal {
	char **argv;
	char **args;
	unsigned int nb_args;
	char program[sizeof(PROGRAM)];
};

/* The arguments that EAL is starting with, or NULL. */
static const char *eal_starting;

/* Newer EALs call exit() themselves on a bad argument. */
static void
on_exit_of_eal(void)
{
	if (eal_starting == NULL)
		return;
	fprintf(stderr, "error: EAL cannot start with eal_args '%s'\n", eal_starting);
	fflush(NULL);
	_exit(EXIT_EAL);
}

static int
init_eal(struct eal *eal, const char *eal_args, const struct options *opt)
{
	int argc = 0;
	unsigned int i;
	int ret;

	memset(eal, 0, sizeof(*eal));
	eal->args = perf_args_split(eal_args, &eal->nb_args);
	if (eal->args != NULL)
		eal->argv = calloc(eal->nb_args + opt->nb_eal_args + 2, sizeof(*eal->argv));
	if (eal->argv == NULL) {
		fprintf(stderr, "error: eal_args '%s': %s\n", eal_args, strerror(errno));
		return -errno;
	}
	strcpy(eal->program, PROGRAM);
	eal->argv[argc++] = eal->program;
	for (i = 0; i < eal->nb_args; i++)
		eal->argv[argc++] = eal->args[i];
	for (i = 0; i < opt->nb_eal_args; i++)
		eal->argv[argc++] = opt->eal_args[i];
	eal_starting = eal_args;
	atexit(on_exit_of_eal);
	ret = rte_eal_init(argc, eal->argv);
	eal_starting = NULL;
	if (ret < 0)
		fprintf(stderr, "error: EAL cannot start with eal_args '%s': %s\n", eal_args,
			rte_strerror(rte_errno));
	/* EAL returns how many arguments it parsed, and moves the others after them. */
	if (ret >= 0 && ret + 1 < argc) {
		fprintf(stderr, "error: '%s' found in EAL's arguments, expected an option\n",
			eal->argv[ret + 1]);
		return -EINVAL;
	}
	return ret;
}

static void
cleanup_eal(struct eal *eal)
{
	rte_eal_cleanup();
	perf_args_free(eal->args, eal->nb_args);
	free(eal->argv);
}

static int
send_record(void *opaque, const struct perf_record *rec)
{
	int fd = *(int *)opaque;
	ssize_t n;

	_Static_assert(sizeof(*rec) <= PIPE_BUF, "a record must arrive whole");
	do {
		n = write(fd, rec, sizeof(*rec));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(*rec) ? 0 : -EPIPE;
}

/*
 * Each case runs in its own process, with its own EAL arguments, so that a crash ends only that
 * case.
 */
static void __attribute__((noreturn))
run_case_process(const struct perf_case *pc, const struct options *opt, int fd)
{
	struct eal eal;
	int ret;

	case_pid = 0;
	/* EAL and drivers also print to stdout, which is for results only. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (init_eal(&eal, pc->eal_args, opt) < 0)
		exit(EXIT_EAL);
	ret = perf_run_case(pc, &interrupted, send_record, &fd);
	/* A device that was not stopped may still write to memory that EAL would free. */
	if (ret == -EBUSY)
		_exit(EXIT_CASE_FAILED);
	cleanup_eal(&eal);
	if (ret == -EINTR)
		exit(EXIT_INTERRUPTED);
	exit(ret < 0 ? EXIT_CASE_FAILED : EXIT_OK);
}

static bool
receive_record(int fd, struct perf_record *rec)
{
	size_t have = 0;

	while (have < sizeof(*rec)) {
		ssize_t n = read(fd, (char *)rec + have, sizeof(*rec) - have);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0)
			have += n;
	}
	return true;
}

/* Returns true if the case passed. */
static bool
run_case(struct perf_result *res, struct perf_progress *progress, const struct perf_case *pc,
	 const struct options *opt)
{
	struct perf_record rec;
	char reason[128];
	bool said = false;
	int status = 0;
	int fds[2];
	pid_t pid;

	perf_result_begin(res, pc);
	/* Otherwise both processes would write what is buffered. */
	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		snprintf(reason, sizeof(reason), "cannot create a process: %s", strerror(errno));
		perf_result_failed(res, pc, reason);
		return false;
	}
	if (pid == 0) {
		close(fds[0]);
		run_case_process(pc, opt, fds[1]);
	}
	case_pid = pid;
	/* The signal handler could not forward a signal before case_pid was set. */
	if (interrupted != 0)
		kill(pid, SIGTERM);
	close(fds[1]);
	while (receive_record(fds[0], &rec)) {
		if (rec.kind == PERF_RECORD_PROGRESS) {
			perf_progress_update(progress, pc, &rec);
			continue;
		}
		perf_progress_hide(progress);
		perf_result_add(res, pc, &rec);
		said |= rec.kind == PERF_RECORD_FAILED;
	}
	perf_progress_end_case(progress, pc);
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	case_pid = 0;

	if (WIFSIGNALED(status)) {
		snprintf(reason, sizeof(reason), "its process was killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
		perf_result_failed(res, pc, reason);
	} else if (WEXITSTATUS(status) == EXIT_EAL) {
		perf_result_failed(res, pc, "EAL cannot start, see above");
	} else if (WEXITSTATUS(status) == EXIT_INTERRUPTED) {
		perf_result_interrupted(res, pc);
	} else if (WEXITSTATUS(status) != EXIT_OK && !said) {
		snprintf(reason, sizeof(reason), "its process ended with exit code %d",
			 WEXITSTATUS(status));
		perf_result_failed(res, pc, reason);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK;
}

static int
run_all(const struct perf_conf *conf, const struct options *opt, const char *json)
{
	struct perf_about about = { .config = opt->config };
	struct perf_progress progress;
	struct perf_result res;
	const char *bad;
	unsigned int ran = 0, failed = 0, skipped = 0;
	unsigned int i;
	int ret;

	ret = perf_result_open(&res, opt->result, json, conf->nb_cases, &bad);
	if (ret < 0) {
		fprintf(stderr, "error: %s: cannot be written: %s (--result FILE)\n", bad,
			strerror(-ret));
		return EXIT_USAGE;
	}
	perf_progress_init(&progress, conf);
	for (i = 0; i < conf->nb_cases && interrupted == 0; i++) {
		const struct perf_case *pc = &conf->cases[i];

		if (pc->skip) {
			perf_result_skipped(&res, pc);
			skipped++;
			continue;
		}
		ran++;
		if (pc->unsupported)
			perf_result_unsupported(&res, pc);
		if (pc->unsupported || !run_case(&res, &progress, pc, opt))
			failed++;
	}
	perf_result_print_table(&res, stdout);
	about.interrupted = interrupted != 0;
	ret = perf_result_close(&res, &about, &bad);
	printf("\n%u cases passed, %u failed, %u skipped%s; results in %s and %s\n", ran - failed,
	       failed, skipped, interrupted != 0 ? ", interrupted" : "", opt->result, json);
	if (ret < 0) {
		fprintf(stderr, "error: %s: not completely written: %s\n", bad,
			strerror(-ret));
		return EXIT_USAGE;
	}
	if (interrupted != 0)
		return 128 + interrupted;
	return failed != 0 ? EXIT_CASE_FAILED : EXIT_OK;
}

static bool
same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
		sa.st_ino == sb.st_ino;
}

static int
list_devices(const struct perf_conf *conf, const struct options *opt)
{
	struct eal eal;

	if (init_eal(&eal, conf->global.eal_args, opt) < 0)
		return EXIT_EAL;
	perf_run_list_devices(stdout);
	cleanup_eal(&eal);
	return EXIT_OK;
}

int
main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct options opt = { .config = NULL };
	struct perf_conf conf;
	char *default_result = NULL;
	char *json = NULL;
	int ret;

	ret = parse_options(argc, argv, &opt);
	if (ret != 0)
		return ret < 0 ? EXIT_OK : ret;
	ret = perf_conf_load(&conf, opt.config);
	perf_conf_print_messages(&conf, stderr);
	if (ret < 0) {
		fprintf(stderr, "error: %s: %u mistakes, nothing was run\n", opt.config,
			conf.nb_errors);
		ret = EXIT_USAGE;
		goto out;
	}
	if (opt.list_dma) {
		ret = list_devices(&conf, &opt);
		goto out;
	}
	if (opt.result == NULL) {
		default_result = with_suffix(opt.config, "_result.csv");
		opt.result = default_result;
	}
	if (opt.result != NULL)
		json = with_suffix(opt.result, ".json");
	if (json == NULL || same_file(opt.config, opt.result) || same_file(opt.config, json)) {
		fprintf(stderr, "error: %s: --config and --result name the same file, expected two "
			"files\n", opt.config);
		ret = EXIT_USAGE;
		goto out;
	}
	if (strcmp(opt.result, json) == 0) {
		fprintf(stderr, "error: --result %s: .json is the suffix of the JSON file, expected "
			"another one such as .csv\n", opt.result);
		ret = EXIT_USAGE;
		goto out;
	}
	/* A reader of this output may exit first, for example on Ctrl-C: still write the files. */
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ret = run_all(&conf, &opt, json);
out:
	free(json);
	free(default_result);
	perf_conf_free(&conf);
	return ret;
}
