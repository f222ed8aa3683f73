/* SPDX-License-Identifier: MIT */
/*
 * Parallel work for a guest, for scaling.py beside this file.
 *
 *   parwork CPUS SCALE [CASE...]
 *
 * Each case prints "BEGIN name", works, and prints "END name checksum": the host takes the time of both lines, so that a guest's
 * clock that runs slow gains nothing. The checksum depends on SCALE alone (copies: on CPUS too) and is the same on every machine that computes correctly.
 *
 *   one      one process computes
 *   copies   CPUS processes compute the same side by side
 *   jobs     what `make -j` does: CPUS workers take jobs from one queue until a fixed number of them is done. A job is a child
 *            (fork, exec) that reads its input from a pipe, computes in fresh memory, and writes its result to another
 *   faults   CPUS processes share a fixed number of rounds of mmap, a touch of each page, munmap
 *   forks    CPUS processes share a fixed number of forks without exec
 *   pingpong CPUS / 2 (at least one) pairs of processes share a fixed number of turns over pipes
 *   atomic   CPUS threads share a fixed number of additions to one word, and of takings of one mutex
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_SIZE 24576
#define JOB_MEMORY (768u * 1024)

static unsigned cpus, scale;

static void must(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- processes side by side ---- */
/* What the processes of a case share. */
typedef struct Shared {
    atomic_ulong next;   /* the next piece of work that nobody has taken */
    atomic_ullong sum;   /* of results; the order does not matter */
} Shared;
static Shared *shared;

/* n processes run fn(rank), which adds to shared->sum. */
static uint64_t side_by_side(unsigned n, void (*fn)(unsigned rank))
{
    atomic_store(&shared->next, 0);
    atomic_store(&shared->sum, 0);
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();

        must(pid >= 0, "fork");
        if (pid == 0) {
            fn(i);
            _exit(0);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        int status = 1;

        must(wait(&status) > 0 && status == 0, "a worker");
    }
    return atomic_load(&shared->sum);
}

/* ---- compute ---- */
static uint64_t sort_and_hash(uint32_t *v, size_t n, uint64_t seed)
{
    uint64_t hash = 14695981039346656037ull;

    for (size_t i = 0; i < n; i++)
        v[i] = next_random(&seed);
    for (size_t gap = n / 2; gap > 0; gap /= 2) /* Shell's sort: no call, many branches */
        for (size_t i = gap; i < n; i++) {
            uint32_t x = v[i];
            size_t j = i;

            for (; j >= gap && v[j - gap] > x; j -= gap)
                v[j] = v[j - gap];
            v[j] = x;
        }
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ v[i]) * 1099511628211ull;
    return hash;
}

static void compute(unsigned rank)
{
    enum { N = 32768 };
    static uint32_t v[N];
    uint64_t sum = 0;

    (void)rank;
    for (unsigned i = 0; i < 4 * scale; i++)
        sum += sort_and_hash(v, N, i + 1);
    atomic_fetch_add(&shared->sum, sum);
}

static uint64_t case_one(void) { return side_by_side(1, compute); }
static uint64_t case_copies(void) { return side_by_side(cpus, compute); }

/* ---- jobs ---- */
static void write_all(int fd, const void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = write(fd, (const char *)data + done, n - done);

        must(k > 0, "write");
        done += k;
    }
}

static size_t read_all(int fd, void *data, size_t n)
{
    size_t done = 0;

    for (ssize_t k; done < n && (k = read(fd, (char *)data + done, n - done)) != 0; done += k)
        must(k > 0, "read");
    return done;
}

/* The child's part, after exec: input on 0, result to 1. */
static int job(void)
{
    static unsigned char input[INPUT_SIZE];
    uint64_t seed = 1;
    uint32_t *memory = mmap(NULL, JOB_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(memory != MAP_FAILED, "mmap");
    must(read_all(0, input, sizeof input) == sizeof input, "a job's input");
    for (size_t i = 0; i < sizeof input; i++)
        seed = seed * 131 + input[i];
    for (size_t i = 0; i < JOB_MEMORY / sizeof *memory; i += 16)
        memory[i] = seed + i;
    seed += sort_and_hash(memory, 6000, seed | 1);
    write_all(1, &seed, sizeof seed);
    return 0;
}

static uint64_t run_job(unsigned number)
{
    static unsigned char input[INPUT_SIZE];
    int to[2], from[2], status = 1;
    uint64_t result = 0;
    pid_t pid;

    must(pipe(to) == 0 && pipe(from) == 0, "pipe");
    pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        for (int i = 0; i < 2; i++) {
            close(to[i]);
            close(from[i]);
        }
        execl("/proc/self/exe", "parwork", "job", (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    memset(input, number, sizeof input);
    write_all(to[1], input, sizeof input);
    close(to[1]);
    must(read_all(from[0], &result, sizeof result) == sizeof result, "a job's result");
    close(from[0]);
    must(waitpid(pid, &status, 0) == pid && status == 0, "a job");
    return result;
}

static void jobs(unsigned rank)
{
    (void)rank;
    for (unsigned n; (n = atomic_fetch_add(&shared->next, 1)) < 40 * scale;)
        atomic_fetch_add(&shared->sum, run_job(n));
}
static uint64_t case_jobs(void) { return side_by_side(cpus, jobs); }

/* ---- the parts of a job ---- */
static void faults(unsigned rank)
{
    enum { PAGES = 256, PAGE = 4096 };

    (void)rank;
    for (unsigned n; (n = atomic_fetch_add(&shared->next, 1)) < 40 * scale;) {
        unsigned char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uint64_t sum = 0;

        must(p != MAP_FAILED, "mmap");
        for (unsigned i = 0; i < PAGES; i++)
            p[i * PAGE] = i;
        for (unsigned i = 0; i < PAGES; i++)
            sum += p[i * PAGE];
        munmap(p, PAGES * PAGE);
        atomic_fetch_add(&shared->sum, sum);
    }
}
static uint64_t case_faults(void) { return side_by_side(cpus, faults); }

static void forks(unsigned rank)
{
    (void)rank;
    for (unsigned n; (n = atomic_fetch_add(&shared->next, 1)) < 60 * scale;) {
        pid_t pid = fork();
        int status = 1;

        must(pid >= 0, "fork");
        if (pid == 0)
            _exit(n & 7);
        must(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "a child");
        atomic_fetch_add(&shared->sum, WEXITSTATUS(status));
    }
}
static uint64_t case_forks(void) { return side_by_side(cpus, forks); }

static void pingpong(unsigned rank)
{
    unsigned pairs = cpus < 2 ? 1 : cpus / 2, turns = 2000 * scale / pairs;
    int to[2], from[2];
    char c = 0;
    pid_t pid;

    (void)rank;
    must(pipe(to) == 0 && pipe(from) == 0, "pipe");
    pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        for (unsigned i = 0; i < turns; i++)
            must(read(to[0], &c, 1) == 1 && write(from[1], &c, 1) == 1, "pong");
        _exit(0);
    }
    for (unsigned i = 0; i < turns; i++)
        must(write(to[1], &c, 1) == 1 && read(from[0], &c, 1) == 1, "ping");
    must(wait(NULL) == pid, "wait");
}
static uint64_t case_pingpong(void) { return side_by_side(cpus < 2 ? 1 : cpus / 2, pingpong); }

/* ---- threads ---- */
static atomic_ulong counter;
static unsigned long guarded;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *hammer(void *arg)
{
    unsigned long n = *(unsigned long *)arg;

    for (unsigned long i = 0; i < n; i++) {
        atomic_fetch_add(&counter, 1);
        if (i % 16 == 0) {
            pthread_mutex_lock(&mutex);
            guarded++;
            pthread_mutex_unlock(&mutex);
        }
    }
    return NULL;
}

static uint64_t case_atomic(void)
{
    enum { MOST = 64, CHUNK = 15360 };
    pthread_t threads[MOST];
    unsigned n = cpus < MOST ? cpus : MOST;
    unsigned long each = 16ul * CHUNK * scale / n;

    counter = guarded = 0;
    for (unsigned i = 0; i < n; i++)
        must(pthread_create(&threads[i], NULL, hammer, &each) == 0, "pthread_create");
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return counter == each * n && guarded == (each + 15) / 16 * n;
}

static const struct { const char *name; uint64_t (*run)(void); } cases[] = {
    { "one", case_one },       { "copies", case_copies },     { "jobs", case_jobs },     { "faults", case_faults },
    { "forks", case_forks },   { "pingpong", case_pingpong }, { "atomic", case_atomic },
};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "job"))
        return job();
    if (argc < 3 || (cpus = atoi(argv[1])) < 1 || (scale = atoi(argv[2])) < 1) {
        fprintf(stderr, "usage: parwork CPUS SCALE [CASE...]\n");
        return 2;
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "mmap");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int wanted = argc == 3;
        uint64_t sum;

        for (int k = 3; k < argc; k++)
            wanted |= !strcmp(argv[k], cases[i].name);
        if (!wanted)
            continue;
        printf("BEGIN %s\n", cases[i].name);
        fflush(stdout);
        sum = cases[i].run();
        printf("END %s %016llx\n", cases[i].name, (unsigned long long)sum);
        fflush(stdout);
    }
    return 0;
}
