/* CPU seconds spent so far, from /proc, on one side of the bench: by its processes, and by whatever ran on its
 * cores. The difference is other people's work. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE_MAX = 64 };

struct side {
    int pids[SIDE_MAX], pids_count;
    int cores[SIDE_MAX], cores_count;
    double own_seconds, busy_seconds; /* in the window */
};

/* Reads a list such as `3,4` into numbers; returns how many there were. */
static inline int numbers_of(char *list, int *numbers) {
    int count = 0;
    for (char *one = strtok(list, ","); one && count < SIDE_MAX; one = strtok(NULL, ",")) numbers[count++] = atoi(one);
    return count;
}

static inline double cpu_seconds_of_process(int pid) {
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    char *name_end = strrchr(text, ')');
    if (name_end) sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static inline double cpu_seconds_of_core(int core) {
    char label[16], line[512];
    unsigned long long user, nice, system, idle, waiting, interrupts, soft, steal, busy = 0;
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return 0;
    snprintf(label, sizeof label, "cpu%d ", core);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, label, strlen(label)) &&
            sscanf(line + strlen(label), "%llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
                   &waiting, &interrupts, &soft, &steal) == 8)
            busy = user + nice + system + interrupts + soft + steal;
    fclose(file);
    return (double)busy / (double)sysconf(_SC_CLK_TCK);
}

/* Adds (sign +1) or takes away (-1) what was spent so far. */
static inline void read_side(struct side *side, double sign) {
    for (int i = 0; i < side->pids_count; i++) side->own_seconds += sign * cpu_seconds_of_process(side->pids[i]);
    for (int i = 0; i < side->cores_count; i++) side->busy_seconds += sign * cpu_seconds_of_core(side->cores[i]);
}
