/* What the benchmark asks of another implementation: one shared module for each exports one table of plain functions. */
#ifndef KERB_BENCH_PEER_H
#define KERB_BENCH_PEER_H
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct peer_octets {
  const unsigned char *data;
  size_t size;
};

/* One client, one service and a ticket between them. */
struct peer_setup {
  const char *config; /* a krb5.conf */
  const char *client; /* with the realm */
  const char *service;
  int service_etype, session_etype, kvno;
  struct peer_octets service_key, session_key, ticket;
  long authtime, endtime;
};

enum peer_message {
  peer_as_req,
  peer_as_rep,
  peer_tgs_req,
  peer_tgs_rep,
  peer_ap_req,
  peer_ticket,
  peer_enc_tkt_part,
  peer_authenticator,
  peer_krb_error,
  peer_messages
};

/* Functions that can fail give 0 for success, or the library's code; what is opened is null on failure. The octets that
 * are handed out belong to the peer and are good until its next call. */
struct peer_ops {
  const char *name, *library;
  void *(*open)(const struct peer_setup *);
  void (*close)(void *);
  const char *(*text)(void *, int code);

  /* krb5_rd_req, and krb5_mk_rep where `answer`; `client` is given the name where it is not null. */
  int (*accept)(void *, struct peer_octets request, int answer, char *client, size_t client_size);
  /* krb5_mk_req_extended with a subkey, a sequence number and mutual authentication asked for. */
  int (*initiate)(void *, struct peer_octets *request);

  /* Under the session key; `fresh`: from the octets of the key, else with what the library keeps of it. `out` has room. */
  int (*seal)(void *, int fresh, int usage, struct peer_octets plain, unsigned char *out, size_t *size);
  int (*unseal)(void *, int fresh, int usage, struct peer_octets sealed, unsigned char *out, size_t *size);
  int (*string_to_key)(void *, int etype, const char *password, const char *salt, unsigned char *out, size_t *size);

  /* A message and back; decode() frees what it has made, which decoded() keeps, to be handed to drop(). */
  int (*decode)(void *, enum peer_message, struct peer_octets);
  void *(*decoded)(void *, enum peer_message, struct peer_octets);
  void (*drop)(void *, enum peer_message, void *);
  int (*encode)(void *, enum peer_message, const void *, unsigned char *copy, size_t *size);

  /* GSS-API, with mutual authentication and without replay and sequence detection: a context on both sides, which the
   * calls after it use; a client's token accepted; a message of the initiator, and a token that the acceptor opens. */
  int (*gss_meet)(void *);
  int (*gss_accept)(void *, struct peer_octets token);
  int (*gss_wrap)(void *, int conf, struct peer_octets plain, struct peer_octets *token);
  int (*gss_unwrap)(void *, struct peer_octets token, size_t *size);
};

/* The one symbol of a module. */
extern const struct peer_ops kerb_bench_peer;

#ifdef __cplusplus
}
#endif
#endif
