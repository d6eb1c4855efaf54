/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* In libFuzzer's place, for any compiler: run a fuzzer's target once on each file named. */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned int nb_files;

static void
die(const char *what, const char *path)
{
	fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
	exit(EXIT_FAILURE);
}

static void
replay_file(const char *path, size_t len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;

	if (f == NULL)
		die("open", path);
	/* Of exactly that length, for a sanitizer to see who reads on. */
	data = malloc(len > 0 ? len : 1);
	if (data == NULL)
		die("allocate for", path);
	if (fread(data, 1, len, f) != len)
		die("read", path);
	fclose(f);
	/* The last line of a target that ends the program. */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	nb_files++;
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
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
		return EXIT_FAILURE;
	}
	LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%u inputs replayed\n", nb_files);
	return nb_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
