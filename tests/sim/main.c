/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim --seed N [--trace]                  play one story; print the hash of its trace
 * sim --from A --count N [--jobs J]       play many, print the summary; a failing one is printed with its replay
 *     [--until-failure]                   succeed as soon as one fails (broken builds), and tell how many it took
 *     [--complete]                        fail if a branch was never met
 *     [--same-twice]                      play each twice and compare the hashes
 * sim --list FILE                         play the seeds in the file, one per line
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/runner.h"

static struct sim story;

static int
play_one(uint64_t seed, bool tracing)
{
	world_init();
	sim_play(&story, seed, tracing);
	printf("seed %llu: trace %016llx\n", (unsigned long long)seed, (unsigned long long)story.hash);
	if (story.failed)
		printf("%s\n", story.failure);
	return story.failed;
}

/* The same seed has to tell the same story, whatever was played before. */
static int
play_twice(uint64_t from, uint64_t count)
{
	uint64_t seed, first;

	world_init();
	for (seed = from; seed < from + count; seed++) {
		sim_play(&story, seed, false);
		first = story.hash;
		sim_play(&story, seed + 1, false);
		sim_play(&story, seed, false);
		if (story.hash == first)
			continue;
		printf("seed %llu: trace %016llx, then %016llx\n", (unsigned long long)seed, (unsigned long long)first,
		    (unsigned long long)story.hash);
		return 1;
	}
	printf("%llu seeds played twice, with the same trace\n", (unsigned long long)count);
	return 0;
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "sim: not a number: %s\n", text);
		exit(2);
	}
	return value;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "from", required_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'c' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "list", required_argument, NULL, 'l' },
		{ "trace", no_argument, NULL, 't' },
		{ "until-failure", no_argument, NULL, 'u' },
		{ "complete", no_argument, NULL, 'C' },
		{ "same-twice", no_argument, NULL, '2' },
		{ NULL, 0, NULL, 0 },
	};
	struct run run = { .from = 1, .count = 1000, .jobs = 1, .program = argv[0] };
	bool one = false, twice = false, tracing = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			one = true;
			run.from = number(optarg);
			break;
		case 'f':
			run.from = number(optarg);
			break;
		case 'c':
			run.count = number(optarg);
			break;
		case 'j':
			run.jobs = (unsigned)number(optarg);
			break;
		case 'l':
			run.list = optarg;
			break;
		case 't':
			tracing = true;
			break;
		case 'u':
			run.until_failure = true;
			break;
		case 'C':
			run.complete = true;
			break;
		case '2':
			twice = true;
			break;
		default:
			return 2;
		}
	}
	world_places();
	if (one)
		status = play_one(run.from, tracing);
	else
		status = twice ? play_twice(run.from, run.count) : runner_run(&run);
	world_remove();
	return status;
}
