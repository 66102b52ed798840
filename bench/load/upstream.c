/* The bench's own upstream: an OpenAI-compatible server so cheap that a gateway in front of it is what is
 * measured. It answers every POST with one fixed answer of about 1 kB, or with a stream of events.
 *
 *   upstream PORT                                  listens on 127.0.0.1 only
 *   POST /settings?delay_ms=0&interval_ms=20&chunks=64   changes how the following answers behave:
 *     delay_ms     wait before an answer's first byte
 *     interval_ms  time between two events of a stream; 0 writes them back to back, one write() each
 *     chunks       text events of a stream, before the finish, usage and [DONE] events
 *
 * One thread, one epoll. Waiting answers hang on a wheel of 1 ms slots, so that pacing thousands of streams
 * costs nothing per idle stream.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 16384,
    REQUEST_BYTES_MAX = 65536,
    CHUNKS_MAX = 4096,
    WHEEL_SLOTS = 4096, /* so no delay or interval may be longer than 4,095 ms */
    EVENTS_MAX = 1024,
};

enum state { IDLE, DELAYED, STREAMING };

struct text {
    char *bytes;
    size_t length;
};

struct connection {
    int fd;
    enum state state;
    int stream;        /* the request being answered asked for a stream */
    int include_usage; /* and for the usage event */
    int chunks;        /* settings as they were when the request came */
    int interval_ms;
    int next_chunk;
    long long due_ms; /* when the next step of this answer is due */
    struct connection *previous, *next; /* neighbours in the wheel slot; previous is NULL at its head */
    int on_wheel;
    int waits_to_write;
    size_t in_length;
    char *out; /* bytes the socket would not take yet */
    size_t out_length, out_capacity;
    char in[REQUEST_BYTES_MAX + 1];
};

static struct connection *connections[CONNECTIONS_MAX];
static struct connection *wheel[WHEEL_SLOTS];
static int waiting; /* connections on the wheel */
static int epoll_fd;
static int delay_ms, interval_ms, chunks = 64;
static struct text json_answer, stream_head, chunk_events[CHUNKS_MAX], finish_event, end_with_usage, end_without_usage;

static long long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void wheel_add(struct connection *c, long long due_ms) {
    struct connection **slot = &wheel[due_ms % WHEEL_SLOTS];
    c->due_ms = due_ms;
    c->previous = NULL;
    c->next = *slot;
    if (*slot) (*slot)->previous = c;
    *slot = c;
    c->on_wheel = 1;
    waiting++;
}

static void wheel_remove(struct connection *c) {
    if (!c->on_wheel) return;
    if (c->previous) c->previous->next = c->next;
    else wheel[c->due_ms % WHEEL_SLOTS] = c->next;
    if (c->next) c->next->previous = c->previous;
    c->on_wheel = 0;
    waiting--;
}

static void watch(struct connection *c, int writable) {
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.fd = c->fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
    c->waits_to_write = writable;
}

static void close_connection(struct connection *c) {
    wheel_remove(c);
    connections[c->fd] = NULL;
    close(c->fd);
    free(c->out);
    free(c);
}

/* Each of the following returns -1 when the connection is gone, and then the caller closes it. */

static int flush_out(struct connection *c) {
    size_t sent = 0;
    while (sent < c->out_length) {
        ssize_t n = write(c->fd, c->out + sent, c->out_length - sent);
        if (n < 0 && errno != EAGAIN) return -1;
        if (n < 0) break;
        sent += (size_t)n;
    }
    memmove(c->out, c->out + sent, c->out_length - sent);
    c->out_length -= sent;
    if ((c->out_length > 0) != c->waits_to_write) watch(c, c->out_length > 0);
    return 0;
}

static int send_text(struct connection *c, struct text text) {
    if (c->out_length == 0) {
        ssize_t n = write(c->fd, text.bytes, text.length);
        if (n < 0 && errno != EAGAIN) return -1;
        if (n > 0) text.bytes += n, text.length -= (size_t)n;
    }
    if (text.length == 0) return 0;
    if (c->out_length + text.length > c->out_capacity) {
        c->out_capacity = (c->out_length + text.length) * 2;
        c->out = realloc(c->out, c->out_capacity);
        if (!c->out) abort();
    }
    memcpy(c->out + c->out_length, text.bytes, text.length);
    c->out_length += text.length;
    return flush_out(c);
}

/* Goes on with the answer as far as the clock allows. */
static int step(struct connection *c, long long now) {
    if (c->state == DELAYED) {
        c->state = c->stream ? STREAMING : IDLE;
        if (send_text(c, c->stream ? stream_head : json_answer) < 0) return -1;
        c->due_ms = now;
    }
    if (c->state != STREAMING) return 0;
    while (c->next_chunk < c->chunks) {
        if (c->due_ms > now) {
            wheel_add(c, c->due_ms);
            return 0;
        }
        if (send_text(c, chunk_events[c->next_chunk++]) < 0) return -1;
        c->due_ms += c->interval_ms;
    }
    c->state = IDLE;
    if (send_text(c, finish_event) < 0) return -1;
    return send_text(c, c->include_usage ? end_with_usage : end_without_usage);
}

/* Is the JSON member `name` (with its quotes and colon) true in the body? */
static int is_true(const char *body, const char *name) {
    const char *value = strstr(body, name);
    if (!value) return 0;
    value += strlen(name);
    while (*value == ' ') value++;
    return strncmp(value, "true", 4) == 0;
}

static void setting(const char *query, const char *name, int maximum, int *value) {
    const char *found = strstr(query, name);
    if (!found) return;
    int asked = atoi(found + strlen(name));
    *value = asked < 0 ? 0 : asked > maximum ? maximum : asked;
}

/* Begins to answer one whole request, zero-terminated at its end. */
static int answer(struct connection *c, const char *head, const char *body) {
    if (strncmp(head, "POST /settings?", 15) == 0) {
        static char accepted[] = "HTTP/1.1 204 No Content\r\n\r\n";
        setting(head, "delay_ms=", WHEEL_SLOTS - 1, &delay_ms);
        setting(head, "interval_ms=", WHEEL_SLOTS - 1, &interval_ms);
        setting(head, "chunks=", CHUNKS_MAX, &chunks);
        return send_text(c, (struct text){accepted, sizeof accepted - 1});
    }
    c->stream = is_true(body, "\"stream\":");
    c->include_usage = is_true(body, "\"include_usage\":");
    c->chunks = chunks;
    c->interval_ms = interval_ms;
    c->next_chunk = 0;
    c->state = DELAYED;
    if (delay_ms == 0) return step(c, now_ms());
    wheel_add(c, now_ms() + delay_ms);
    return 0;
}

/* Answers every whole request that has been read; one at a time, for HTTP/1.1 without pipelining overlap. */
static int take_requests(struct connection *c) {
    while (c->state == IDLE && c->in_length > 0) {
        c->in[c->in_length] = 0;
        char *end = strstr(c->in, "\r\n\r\n");
        if (!end) return c->in_length < REQUEST_BYTES_MAX ? 0 : -1;
        size_t head_length = (size_t)(end - c->in) + 4, total;
        char first = c->in[head_length];
        c->in[head_length] = 0;
        char *length = strcasestr(c->in, "\r\ncontent-length:");
        int chunked = strcasestr(c->in, "\r\ntransfer-encoding: chunked") != NULL;
        c->in[head_length] = first;
        if (chunked) {
            char *last = strstr(c->in + head_length, "0\r\n\r\n");
            if (!last) return c->in_length < REQUEST_BYTES_MAX ? 0 : -1;
            total = (size_t)(last - c->in) + 5;
        } else {
            total = head_length + (length ? strtoul(length + 17, NULL, 10) : 0);
        }
        if (total > REQUEST_BYTES_MAX) return -1;
        if (c->in_length < total) return 0;
        char following = c->in[total];
        c->in[total] = 0;
        int gone = answer(c, c->in, c->in + head_length);
        c->in[total] = following;
        if (gone < 0) return -1;
        c->in_length -= total;
        memmove(c->in, c->in + total, c->in_length);
    }
    return 0;
}

static struct text text_of(char *bytes) { return (struct text){bytes, strlen(bytes)}; }

/* One event in the chunked transfer coding. */
static struct text event_of(const char *data) {
    char *bytes;
    if (asprintf(&bytes, "%zx\r\ndata: %s\n\n\r\n", strlen(data) + 8, data) < 0) abort();
    return text_of(bytes);
}

#define CHUNK_HEAD "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1750000000," \
    "\"model\":\"bench-model\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":"
#define USAGE "{\"prompt_tokens\":123,\"completion_tokens\":45,\"total_tokens\":168," \
    "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}," \
    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0," \
    "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}"

static void write_answers(void) {
    static const char body[] =
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1750000000,"
        "\"model\":\"bench-model\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
        "\"This answer comes from the upstream of a benchmark. It is as long as a short answer of a chat model "
        "is, a few sentences, so that a gateway in front of it parses, meters and passes on a body of a "
        "realistic size. An answer in the wild has a list, an example and a polite closing sentence; this one "
        "has a second paragraph instead, which says that every answer here is the same, that its usage is the "
        "same too, and that the books of a gateway must therefore grow by exactly as much with each.\",\"refusal\":null,\"annotations\":[]},"
        "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":" USAGE ",\"service_tier\":\"default\","
        "\"system_fingerprint\":\"fp_bench\"}";
    char *bytes;
    if (asprintf(&bytes,
                 "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\n"
                 "content-length: %zu\r\n\r\n%s", sizeof body - 1, body) < 0) abort();
    json_answer = text_of(bytes);
    stream_head = text_of("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                          "x-request-id: req_bench\r\ncache-control: no-cache\r\n"
                          "transfer-encoding: chunked\r\n\r\n");
    for (int i = 0; i < CHUNKS_MAX; i++) {
        char data[1024];
        snprintf(data, sizeof data, CHUNK_HEAD "[{\"index\":0,\"delta\":{%s\"content\":\" word%d\"},"
                 "\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}",
                 i == 0 ? "\"role\":\"assistant\"," : "", i);
        chunk_events[i] = event_of(data);
    }
    finish_event = event_of(CHUNK_HEAD "[{\"index\":0,\"delta\":{},\"logprobs\":null,"
                            "\"finish_reason\":\"stop\"}],\"usage\":null}");
    struct text usage = event_of(CHUNK_HEAD "[],\"usage\":" USAGE "}"), done = event_of("[DONE]");
    if (asprintf(&bytes, "%s%s0\r\n\r\n", usage.bytes, done.bytes) < 0) abort();
    end_with_usage = text_of(bytes);
    if (asprintf(&bytes, "%s0\r\n\r\n", done.bytes) < 0) abort();
    end_without_usage = text_of(bytes);
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        perror("upstream: cannot listen");
        exit(2);
    }
    return fd;
}

static void accept_all(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *c = fd < CONNECTIONS_MAX ? calloc(1, sizeof *c) : NULL;
        if (!c) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        c->fd = fd;
        connections[fd] = c;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
}

static void serve_connection(struct connection *c, uint32_t events) {
    if ((events & EPOLLOUT) && flush_out(c) < 0) {
        close_connection(c);
        return;
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    ssize_t n = read(c->fd, c->in + c->in_length, REQUEST_BYTES_MAX - c->in_length);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) c->in_length += (size_t)n;
    if (n <= 0 || take_requests(c) < 0) close_connection(c);
}

/* Takes the connections due at this millisecond off the wheel and goes on with each. */
static void serve_slot(long long tick, long long now) {
    struct connection *next;
    for (struct connection *c = wheel[tick % WHEEL_SLOTS]; c; c = next) {
        next = c->next;
        if (c->due_ms > now) continue;
        wheel_remove(c);
        if (step(c, now) < 0 || take_requests(c) < 0) close_connection(c);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: upstream PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1);
    write_answers();
    int listener = listen_on(atoi(argv[1]));
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event added = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS_MAX];
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &added);
    for (long long tick = now_ms();;) {
        int count = epoll_wait(epoll_fd, events, EVENTS_MAX, waiting ? 1 : -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(listener);
            else if (connections[fd]) serve_connection(connections[fd], events[i].events);
        }
        long long now = now_ms();
        if (now - tick > WHEEL_SLOTS) tick = now - WHEEL_SLOTS;
        while (tick < now) serve_slot(++tick, now);
    }
}
