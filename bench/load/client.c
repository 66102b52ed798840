/* The bench's load generator: HTTP/1.1 over keep-alive connections to 127.0.0.1, one thread, one epoll.
 *
 *   client --port N --key SECRET --body FILE --connections N --seconds S --warm-up S
 *          [--rate N] [--stream] [--headers LINES] [--pids N,N] [--cores N,N] [--load-pids N,N] [--load-cores N,N]
 *
 * Without --rate the loop is closed: each connection asks again as soon as it has its answer. With --rate it
 * is open: requests are due at a fixed rate whatever the server does, and each latency counts from the moment
 * the request was due, so that a stalled server cannot hide the requests it held up (no coordinated omission).
 *
 * After warm-up comes the window that is measured; then nothing new is sent, and every answer under way is
 * waited for, so that `answers_200_ever` is exactly what the server must have on record and slow answers are
 * not cut from the percentiles. --pids and --cores are the server's processes and cores, the --load- ones those
 * of the load (its own process comes with them): their CPU time is read at both ends of the window. The result
 * is one JSON object on stdout.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "cpu.h"

enum {
    CONNECTIONS_MAX = 16384,
    HEAD_BYTES_MAX = 8192,
    BODY_BYTES_MAX = 65536,
    READ_BYTES = 65536,
    CARRY_BYTES = 16, /* at least the longest mark, so that a mark split over two reads is found */
    SAMPLES_MAX = 4000000,
    EVENTS_MAX = 1024,
    DRAIN_SECONDS_MAX = 30,
};

enum part { HEAD, LENGTH_BODY, SIZE_LINE, CHUNK, CHUNK_END, LAST_LINE };

struct connection {
    int fd;
    int busy;
    int answered;            /* a byte of the answer has come */
    long long due_ns;        /* when the request was due */
    long long first_byte_ns; /* of the body, which for a stream is its first event */
    enum part part;
    int status;
    long long remaining; /* bytes of the body, or of the chunk, still to come */
    int usage_seen, done_seen;
    size_t head_length, carry_length, line_length;
    char head[HEAD_BYTES_MAX + 1];
    char carry[CARRY_BYTES];
    char line[20];
};

struct sample { uint64_t latency_ns, first_byte_ns; };

static int port, connections_count = 64, stream;
static struct side server_side, load_side;
static double seconds = 5, warm_up = 1, rate;
static char request[BODY_BYTES_MAX + HEAD_BYTES_MAX];
static size_t request_length;

static int epoll_fd, timer_fd, busy_count;
static struct connection *connections;
static int *idle; /* a ring of idle connections, oldest first, so that none idles long enough to be closed */
static int idle_first, idle_count;

static struct sample *samples;
static size_t samples_count;
static long long begin_ns, window_begin_ns, window_end_ns, stop_ns;
static long long answers, chunks, answers_ever, not_200, errors, incomplete, last_bad_status, late_ns_max, unsent_count;

static long long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *message) {
    fprintf(stderr, "client: %s: %s\n", message, strerror(errno));
    exit(2);
}

static int in_window(void) { return window_begin_ns && !window_end_ns; }

/* ---- connections and requests ---- */

static void open_connection(struct connection *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static void put_idle(struct connection *c) {
    idle[(idle_first + idle_count++) % connections_count] = (int)(c - connections);
}

static struct connection *take_idle(void) {
    struct connection *c = &connections[idle[idle_first]];
    idle_first = (idle_first + 1) % connections_count;
    idle_count--;
    return c;
}

static void ask(struct connection *c, long long due_ns) {
    if (c->fd < 0) open_connection(c);
    long long late = now_ns() - due_ns;
    if (in_window() && late > late_ns_max) late_ns_max = late;
    c->busy = 1;
    c->answered = 0;
    c->due_ns = due_ns;
    c->first_byte_ns = 0;
    c->part = HEAD;
    c->usage_seen = c->done_seen = 0;
    c->head_length = c->carry_length = c->line_length = 0;
    busy_count++;
    /* A request is far smaller than an empty socket's buffer, so it is taken whole or the connection is dead;
     * a dead one is noticed when it is read. */
    if (send(c->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) shutdown(c->fd, SHUT_RDWR);
}

/* The connection is free again: it asks at once in a closed loop, or waits for the next request that is due. */
static void release(struct connection *c, long long now) {
    c->busy = 0;
    busy_count--;
    if (rate == 0 && now < stop_ns) ask(c, now);
    else put_idle(c);
}

static void complete(struct connection *c, long long now) {
    if (c->status != 200) {
        not_200++;
        last_bad_status = c->status;
    } else {
        answers_ever++;
        if (!c->usage_seen || (stream && !c->done_seen)) incomplete++;
        if (in_window()) answers++;
        if (window_begin_ns && c->due_ns >= window_begin_ns && c->due_ns < stop_ns) {
            if (samples_count == SAMPLES_MAX) fail("more samples than fit");
            long long first = c->first_byte_ns ? c->first_byte_ns : now;
            samples[samples_count++] = (struct sample){(uint64_t)(now - c->due_ns), (uint64_t)(first - c->due_ns)};
        }
    }
    release(c, now);
}

/* ---- reading answers ---- */

/* Counts a mark in `text`, but not where it lies wholly in the first `carried` bytes: it was counted before. */
static int count_mark(const char *text, size_t length, size_t carried, const char *mark) {
    size_t mark_length = strlen(mark);
    const char *end = text + length, *found = text;
    int count = 0;
    while ((found = memmem(found, (size_t)(end - found), mark, mark_length))) {
        found += mark_length;
        if (found > text + carried) count++;
    }
    return count;
}

static void take_body(struct connection *c, const char *bytes, size_t length, long long now) {
    static char text[CARRY_BYTES + READ_BYTES];
    size_t carried = c->carry_length, whole = carried + length;
    if (!c->first_byte_ns) c->first_byte_ns = now;
    memcpy(text, c->carry, carried);
    memcpy(text + carried, bytes, length);
    if (stream) {
        int events = count_mark(text, whole, carried, "data: ");
        if (in_window()) chunks += events;
        c->done_seen |= count_mark(text, whole, carried, "[DONE]") > 0;
        c->usage_seen |= count_mark(text, whole, carried, "\"total_tokens\"") > 0;
    } else {
        c->usage_seen |= count_mark(text, whole, carried, "\"usage\"") > 0;
    }
    c->carry_length = whole < CARRY_BYTES ? whole : CARRY_BYTES;
    memcpy(c->carry, text + whole - c->carry_length, c->carry_length);
}

/* Reads the head; returns how many of the bytes belonged to it, or -1 where it is no HTTP answer. */
static long take_head(struct connection *c, const char *bytes, size_t length) {
    size_t before = c->head_length, room = HEAD_BYTES_MAX - before;
    size_t taken = length < room ? length : room;
    memcpy(c->head + before, bytes, taken);
    c->head_length += taken;
    c->head[c->head_length] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return c->head_length < HEAD_BYTES_MAX ? (long)taken : -1;
    end[2] = 0;
    if (strncmp(c->head, "HTTP/1.1 ", 9)) return -1;
    c->status = atoi(c->head + 9);
    char *content_length = strcasestr(c->head, "\r\ncontent-length:");
    if (strcasestr(c->head, "\r\ntransfer-encoding: chunked")) c->part = SIZE_LINE;
    else if (content_length) c->part = LENGTH_BODY, c->remaining = atoll(content_length + 17);
    else return -1; /* an answer that only the connection's end ends cannot be told from a cut one */
    return (long)((size_t)(end + 4 - c->head) - before);
}

/* Feeds bytes to the answer; 1 when it is whole, -1 when it is broken, else 0. */
static int feed(struct connection *c, const char *bytes, size_t length, long long now) {
    size_t at = 0;
    for (;;) {
        if (c->part == LENGTH_BODY && c->remaining == 0) return 1;
        if (at == length) return 0;
        if (c->part == HEAD) {
            long taken = take_head(c, bytes + at, length - at);
            if (taken < 0) return -1;
            at += (size_t)taken;
        } else if (c->part == LENGTH_BODY || c->part == CHUNK) {
            size_t taken = length - at;
            if ((long long)taken > c->remaining) taken = (size_t)c->remaining;
            take_body(c, bytes + at, taken, now);
            at += taken;
            c->remaining -= (long long)taken;
            if (c->part == CHUNK && c->remaining == 0) c->part = CHUNK_END;
        } else if (bytes[at++] != '\n') { /* the lines between chunks */
            if (c->line_length < sizeof c->line - 1) c->line[c->line_length++] = bytes[at - 1];
        } else {
            c->line[c->line_length] = 0;
            c->line_length = 0;
            if (c->part == LAST_LINE) return 1;
            if (c->part == SIZE_LINE) {
                c->remaining = strtoll(c->line, NULL, 16);
                c->part = c->remaining > 0 ? CHUNK : LAST_LINE;
            } else {
                c->part = SIZE_LINE;
            }
        }
    }
}

static void drop(struct connection *c, long long now) {
    close(c->fd);
    c->fd = -1;
    if (!c->busy) return; /* an idle connection may be closed by the server; it is opened anew when needed */
    errors++;
    release(c, now);
}

static void serve(struct connection *c) {
    static char bytes[READ_BYTES];
    if (c->fd < 0) return;
    ssize_t length = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) return;
    long long now = now_ns();
    if (length <= 0 || !c->busy) {
        drop(c, now);
        return;
    }
    int state = feed(c, bytes, (size_t)length, now);
    if (state > 0) complete(c, now);
    if (state < 0) drop(c, now);
}

/* ---- the run ---- */

/* When the k-th request is due. In a closed loop only each connection's first one is: streams begin spread
 * over the warm-up, because streams in lockstep would be one burst and then silence. */
static long long due_of(long long k) {
    if (rate > 0) return begin_ns + (long long)((double)k * 1e9 / rate);
    if (k >= connections_count) return INT64_MAX;
    return begin_ns + (stream ? (long long)((double)k * warm_up * 1e9 / connections_count) : 0);
}

static void set_timer(long long at_ns) {
    struct itimerspec at = {.it_value = {at_ns / 1000000000, at_ns % 1000000000}};
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void run(void) {
    struct epoll_event events[EVENTS_MAX];
    long long next = 0; /* the first request not sent yet; those due and unsent wait for a connection */
    begin_ns = now_ns();
    long long warm_ns = begin_ns + (long long)(warm_up * 1e9), drain_ns;
    stop_ns = warm_ns + (long long)(seconds * 1e9);
    drain_ns = stop_ns + DRAIN_SECONDS_MAX * 1000000000LL;
    for (;;) {
        long long now = now_ns();
        if (!window_begin_ns && now >= warm_ns) {
            read_side(&server_side, -1);
            read_side(&load_side, -1);
            window_begin_ns = now;
        }
        if (in_window() && now >= stop_ns) {
            read_side(&server_side, +1);
            read_side(&load_side, +1);
            window_end_ns = now;
        }
        while (due_of(next) <= now && due_of(next) < stop_ns && idle_count > 0) ask(take_idle(), due_of(next++));
        int unsent = due_of(next) < stop_ns;
        if (now >= drain_ns || (now >= stop_ns && !busy_count && !unsent)) break;
        /* A request that is due already waits for a connection, not for the timer. */
        set_timer(unsent && due_of(next) > now ? due_of(next) : now + 5000000);
        int count = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            uint64_t expirations;
            if (events[i].data.ptr) serve(events[i].data.ptr);
            else if (read(timer_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("timer");
        }
    }
    while (due_of(next++) < stop_ns) unsent_count++;
}

/* ---- the result ---- */

static int by_latency(const void *a, const void *b) {
    uint64_t x = ((const struct sample *)a)->latency_ns, y = ((const struct sample *)b)->latency_ns;
    return x < y ? -1 : x > y;
}

static int by_first_byte(const void *a, const void *b) {
    uint64_t x = ((const struct sample *)a)->first_byte_ns, y = ((const struct sample *)b)->first_byte_ns;
    return x < y ? -1 : x > y;
}

static const struct sample *at_share(double share) {
    static const struct sample none;
    return samples_count ? &samples[(size_t)(share * (double)(samples_count - 1) + 0.5)] : &none;
}

static void print_result(void) {
    double window = (double)(window_end_ns - window_begin_ns) / 1e9;
    printf("{\"window_seconds\":%.6f,\"answers\":%lld,\"answers_200_ever\":%lld,\"chunks\":%lld,\"samples\":%zu,"
           "\"not_200\":%lld,\"last_bad_status\":%lld,\"errors\":%lld,\"incomplete\":%lld,\"unfinished\":%lld,",
           window, answers, answers_ever, chunks, samples_count, not_200, last_bad_status, errors, incomplete,
           busy_count + unsent_count);
    qsort(samples, samples_count, sizeof *samples, by_latency);
    printf("\"latency_ms_p50\":%.4f,\"latency_ms_p99\":%.4f,\"latency_ms_p999\":%.4f,\"latency_ms_max\":%.4f,",
           (double)at_share(0.5)->latency_ns / 1e6, (double)at_share(0.99)->latency_ns / 1e6,
           (double)at_share(0.999)->latency_ns / 1e6, (double)at_share(1)->latency_ns / 1e6);
    qsort(samples, samples_count, sizeof *samples, by_first_byte);
    printf("\"first_byte_ms_p50\":%.4f,\"first_byte_ms_p99\":%.4f,\"late_send_ms_max\":%.4f,",
           (double)at_share(0.5)->first_byte_ns / 1e6, (double)at_share(0.99)->first_byte_ns / 1e6,
           (double)late_ns_max / 1e6);
    printf("\"server_cpu_seconds\":%.3f,\"server_cores_busy_seconds\":%.3f,\"load_cpu_seconds\":%.3f,"
           "\"load_cores_busy_seconds\":%.3f}\n",
           server_side.own_seconds, server_side.busy_seconds, load_side.own_seconds, load_side.busy_seconds);
}

static void read_request(const char *path, const char *key, const char *headers) {
    static char body[BODY_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    size_t length = fread(body, 1, sizeof body, file);
    fclose(file);
    int head = snprintf(request, HEAD_BYTES_MAX,
                        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                        "Authorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: */*\r\n"
                        "User-Agent: solvent-bench\r\n%sContent-Length: %zu\r\n\r\n", port, key, headers, length);
    memcpy(request + head, body, length);
    request_length = (size_t)head + length;
}

static void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'}, {"key", 1, 0, 'k'}, {"body", 1, 0, 'b'}, {"connections", 1, 0, 'c'},
        {"seconds", 1, 0, 'd'}, {"warm-up", 1, 0, 'w'}, {"rate", 1, 0, 'r'}, {"stream", 0, 0, 's'}, {"headers", 1, 0, 'h'},
        {"pids", 1, 0, 'P'}, {"cores", 1, 0, 'C'}, {"load-pids", 1, 0, 'L'}, {"load-cores", 1, 0, 'M'},
        {0, 0, 0, 0}};
    const char *key = "", *body = NULL, *headers = "";
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'p') port = atoi(optarg);
        else if (option == 'k') key = optarg;
        else if (option == 'b') body = optarg;
        else if (option == 'h') headers = optarg;
        else if (option == 'c') connections_count = atoi(optarg);
        else if (option == 'd') seconds = atof(optarg);
        else if (option == 'w') warm_up = atof(optarg);
        else if (option == 'r') rate = atof(optarg);
        else if (option == 's') stream = 1;
        else if (option == 'P') server_side.pids_count = numbers_of(optarg, server_side.pids);
        else if (option == 'C') server_side.cores_count = numbers_of(optarg, server_side.cores);
        else if (option == 'L') load_side.pids_count = numbers_of(optarg, load_side.pids);
        else if (option == 'M') load_side.cores_count = numbers_of(optarg, load_side.cores);
        else exit(2);
    }
    if (!port || !body || connections_count < 1 || connections_count > CONNECTIONS_MAX || seconds <= 0) {
        fprintf(stderr, "usage: client --port N --key SECRET --body FILE --connections N --seconds S ...\n");
        exit(2);
    }
    read_request(body, key, headers);
    if (load_side.pids_count < SIDE_MAX) load_side.pids[load_side.pids_count++] = getpid();
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    samples = malloc(SAMPLES_MAX * sizeof *samples);
    connections = calloc((size_t)connections_count, sizeof *connections);
    idle = calloc((size_t)connections_count, sizeof *idle);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!samples || !connections || !idle || epoll_fd < 0 || timer_fd < 0) fail("cannot start");
    struct epoll_event timer = {.events = EPOLLIN};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &timer);
    for (int i = 0; i < connections_count; i++) {
        open_connection(&connections[i]);
        put_idle(&connections[i]);
    }
    run();
    print_result();
    return 0;
}
