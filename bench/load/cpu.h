/* CPU seconds spent so far, from /proc: by one process, and by everything on one core (-1: none). */
#pragma once
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    unsigned long long user, nice, system, idle_ticks, waiting, interrupts, soft, steal, busy = 0;
    FILE *file = core < 0 ? NULL : fopen("/proc/stat", "r");
    if (!file) return 0;
    snprintf(label, sizeof label, "cpu%d ", core);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, label, strlen(label)) &&
            sscanf(line + strlen(label), "%llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system,
                   &idle_ticks, &waiting, &interrupts, &soft, &steal) == 8)
            busy = user + nice + system + interrupts + soft + steal;
    fclose(file);
    return (double)busy / (double)sysconf(_SC_CLK_TCK);
}
