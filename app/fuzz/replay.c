/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Replaces libFuzzer, for any compiler: runs the target once on each given file. -runs=N also runs
 * it on N inputs derived from these, the same ones each time.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max,
						     unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max);

#define MAX_LEN 4096

static struct input {
	uint8_t *data;
	size_t len;
} *inputs;
static unsigned int nb_files;
static uint32_t random_state = 1;

static void
die(const char *what, const char *path)
{
	fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
	exit(EXIT_FAILURE);
}

static uint32_t
rnd_to(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint64_t)random_state * n >> 32;
}

/* Replace a byte or append one. */
size_t
LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max)
{
	const size_t at = rnd_to(len + (len < max));

	data[at] = rnd_to(256);
	return at < len ? len : len + 1;
}

/* Run inputs mutated as libFuzzer would. */
static void
run_mutated(unsigned int runs)
{
	unsigned int i, times;
	uint8_t buf[MAX_LEN];
	uint8_t *data;
	size_t len;

	for (i = 0; i < runs; i++) {
		const struct input *in = &inputs[rnd_to(nb_files)];

		len = in->len < MAX_LEN ? in->len : MAX_LEN;
		memcpy(buf, in->data, len);
		for (times = 1 + rnd_to(5); times != 0; times--)
			len = LLVMFuzzerCustomMutator != NULL ?
				LLVMFuzzerCustomMutator(buf, len, MAX_LEN, rnd_to(UINT32_MAX)) :
				LLVMFuzzerMutate(buf, len, MAX_LEN);
		data = malloc(len > 0 ? len : 1);
		if (data == NULL)
			die("allocate for", "an input");
		memcpy(data, buf, len);
		fprintf(stderr, "mutated %u\n", i);
		LLVMFuzzerTestOneInput(data, len);
		free(data);
	}
}

static void
replay_file(const char *path, size_t len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;

	if (f == NULL)
		die("open", path);
	/* Exact length, so that sanitizers detect reads past the end. */
	data = malloc(len > 0 ? len : 1);
	if (data == NULL)
		die("allocate for", path);
	if (fread(data, 1, len, f) != len)
		die("read", path);
	fclose(f);
	/* The last line if the target aborts. */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, len);
	inputs = realloc(inputs, (nb_files + 1) * sizeof(*inputs));
	if (inputs == NULL)
		die("allocate for", path);
	inputs[nb_files++] = (struct input){ data, len };
}

static void
replay(const char *path)
{
	struct dirent **ents;
	char below[4096];
	struct stat st;
	int i, nb;

	if (stat(path, &st) < 0)
		die("look at", path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, st.st_size);
		return;
	}
	nb = scandir(path, &ents, NULL, alphasort);
	if (nb < 0)
		die("read the folder", path);
	for (i = 0; i < nb; i++) {
		if (ents[i]->d_name[0] != '.') {
			snprintf(below, sizeof(below), "%s/%s", path, ents[i]->d_name);
			replay(below);
		}
		free(ents[i]);
	}
	free(ents);
}

int
main(int argc, char **argv)
{
	unsigned int runs = 0;
	int i, rc;

	if (argc < 2) {
		fprintf(stderr, "usage: %s [-runs=N] FILE|FOLDER...\n", argv[0]);
		return EXIT_FAILURE;
	}
	LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "-runs=", 6) == 0)
			runs = strtoul(argv[i] + 6, NULL, 10);
		else
			replay(argv[i]);
	if (nb_files > 0)
		run_mutated(runs);
	printf("%u inputs replayed, %u made of them\n", nb_files, runs);
	rc = nb_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	while (nb_files > 0)
		free(inputs[--nb_files].data);
	free(inputs);
	return rc;
}
