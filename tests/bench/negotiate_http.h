/* The HTTP of a minimal server, the same for each library: one connection after the other, GET only. A server defines
 * `struct server` and negotiate_answer(), and calls negotiate_serve(). */
#ifndef KERB_BENCH_NEGOTIATE_HTTP_H
#define KERB_BENCH_NEGOTIATE_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a request is answered with. */
struct negotiate_response {
  unsigned status;
  char field[4096]; /* the value of WWW-Authenticate; empty: none */
  char client[256];
};
struct server;
/* Takes the value of Authorization, `size` characters. */
static void negotiate_answer(struct server* s, const char* value, size_t size, struct negotiate_response* r);

/* The value of Authorization; NULL if there is none. */
static const char* negotiate_authorization(const char* head, size_t* size) {
  static const char name[] = "Authorization:";
  const char* line;
  for (line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, name, sizeof name - 1) != 0) continue;
    line += 2 + sizeof name - 1;
    line += strspn(line, " ");
    *size = strcspn(line, "\r");
    return line;
  }
  return NULL;
}

/* Answers a request. Pages below /open need no authentication. */
static size_t negotiate_respond(struct server* s, const char* head, char* out, size_t room) {
  struct negotiate_response r = {200, "", ""};
  size_t size = 0;
  const char* value = negotiate_authorization(head, &size);
  char text[300];
  int n;
  if (value != NULL) negotiate_answer(s, value, size, &r);
  else if (strncmp(head, "GET /open", 9) != 0) r.status = 401, strcpy(r.field, "Negotiate");
  n = r.status == 200 ? snprintf(text, sizeof text, "hello %s\n", r.client) : 0;
  n = snprintf(out, room, "HTTP/1.1 %u %s\r\n%s%s%sContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%.*s",
               r.status, r.status == 200 ? "OK" : "Unauthorized", r.field[0] != 0 ? "WWW-Authenticate: " : "", r.field,
               r.field[0] != 0 ? "\r\n" : "", n, n, text);
  return n < 0 || (size_t)n >= room ? 0 : (size_t)n;
}

static void negotiate_connection(struct server* s, int fd) {
  static char in[65536], out[8192];
  size_t have = 0;
  for (;;) {
    char* end;
    size_t head, n;
    const ssize_t got = read(fd, in + have, sizeof in - 1 - have);
    if (got <= 0) return;
    have += (size_t)got;
    in[have] = 0;
    end = strstr(in, "\r\n\r\n");
    if (end == NULL) continue;
    head = (size_t)(end - in) + 4;
    n = negotiate_respond(s, in, out, sizeof out);
    if (n == 0 || write(fd, out, n) != (ssize_t)n) return;
    have -= head;
    memmove(in, in + head, have);
  }
}

/* Serves on a port of the loopback interface, which it prints. Returns only on failure. */
static int negotiate_serve(struct server* s) {
  struct sockaddr_in a;
  socklen_t size = sizeof a;
  const int port = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(port, (struct sockaddr*)&a, sizeof a) != 0 || listen(port, 16) != 0) return 1;
  if (getsockname(port, (struct sockaddr*)&a, &size) != 0) return 1;
  printf("%u\n", ntohs(a.sin_port));
  fflush(stdout);
  for (;;) {
    const int fd = accept(port, NULL, NULL);
    if (fd < 0) return 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    negotiate_connection(s, fd);
    close(fd);
  }
}

#endif
