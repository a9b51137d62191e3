/* Heimdal as the benchmark sees it. */
#include <errno.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "peer_gss.h"

struct heimdal {
  krb5_context ctx;
  krb5_principal service;
  krb5_keytab keytab;
  krb5_creds creds;
  krb5_keyblock session;
  krb5_crypto kept;
  krb5_data sent;
  krb5_ccache cache;
  struct peer_gss gss;
  const char *name; /* of the service */
  char text[200];
};

#define CODER(TYPE)                                                                          \
  static int decode_##TYPE##_any(const unsigned char *p, size_t n, void *v, size_t *used) {  \
    return decode_##TYPE(p, n, (TYPE *)v, used);                                             \
  }                                                                                          \
  static int encode_##TYPE##_any(unsigned char *p, size_t n, const void *v, size_t *used) {  \
    return encode_##TYPE(p, n, (const TYPE *)v, used);                                       \
  }                                                                                          \
  static size_t length_##TYPE##_any(const void *v) { return length_##TYPE((const TYPE *)v); } \
  static void free_##TYPE##_any(void *v) { free_##TYPE((TYPE *)v); }
CODER(AS_REQ)
CODER(AS_REP)
CODER(TGS_REQ)
CODER(TGS_REP)
CODER(AP_REQ)
CODER(Ticket)
CODER(EncTicketPart)
CODER(Authenticator)
CODER(KRB_ERROR)
#undef CODER

#define MESSAGE(TYPE) \
  { sizeof(TYPE), decode_##TYPE##_any, encode_##TYPE##_any, length_##TYPE##_any, free_##TYPE##_any }
static const struct {
  size_t size;
  int (*decode)(const unsigned char *, size_t, void *, size_t *);
  int (*encode)(unsigned char *, size_t, const void *, size_t *);
  size_t (*length)(const void *);
  void (*drop)(void *);
} heimdal_messages[peer_messages] = {
    [peer_as_req] = MESSAGE(AS_REQ),
    [peer_as_rep] = MESSAGE(AS_REP),
    [peer_tgs_req] = MESSAGE(TGS_REQ),
    [peer_tgs_rep] = MESSAGE(TGS_REP),
    [peer_ap_req] = MESSAGE(AP_REQ),
    [peer_ticket] = MESSAGE(Ticket),
    [peer_enc_tkt_part] = MESSAGE(EncTicketPart),
    [peer_authenticator] = MESSAGE(Authenticator),
    [peer_krb_error] = MESSAGE(KRB_ERROR),
};
union heimdal_any {
  AS_REQ as_req;
  AS_REP as_rep;
  TGS_REQ tgs_req;
  TGS_REP tgs_rep;
  AP_REQ ap_req;
  Ticket ticket;
  EncTicketPart enc_tkt_part;
  Authenticator authenticator;
  KRB_ERROR krb_error;
};

static krb5_data as_data(struct peer_octets o) {
  krb5_data d = {o.size, (void *)(size_t)o.data};
  return d;
}
static krb5_keyblock as_key(int etype, struct peer_octets o) {
  krb5_keyblock k = {etype, {o.size, (void *)(size_t)o.data}};
  return k;
}

static void heimdal_close(void *handle) {
  struct heimdal *m = handle;
  gss_end(&m->gss);
  if (m->ctx != NULL) {
    if (m->cache != NULL) krb5_cc_destroy(m->ctx, m->cache);
    krb5_data_free(&m->sent);
    if (m->kept != NULL) krb5_crypto_destroy(m->ctx, m->kept);
    krb5_free_keyblock_contents(m->ctx, &m->session);
    krb5_free_cred_contents(m->ctx, &m->creds);
    if (m->service != NULL) krb5_free_principal(m->ctx, m->service);
    if (m->keytab != NULL) krb5_kt_close(m->ctx, m->keytab);
    krb5_free_context(m->ctx);
  }
  free(m);
}

static krb5_error_code heimdal_fill(struct heimdal *m, const struct peer_setup *s) {
  static unsigned number;
  char name[40];
  krb5_keytab_entry entry = {0};
  krb5_keyblock session = as_key(s->session_etype, s->session_key);
  krb5_error_code e = krb5_parse_name(m->ctx, s->service, &m->service);
  m->name = s->service;
  if (e != 0) return e;
  snprintf(name, sizeof name, "MEMORY:bench%u", ++number);
  if ((e = krb5_kt_resolve(m->ctx, name, &m->keytab)) != 0) return e;
  entry.principal = m->service;
  entry.vno = (krb5_kvno)s->kvno;
  entry.keyblock = as_key(s->service_etype, s->service_key);
  if ((e = krb5_kt_add_entry(m->ctx, m->keytab, &entry)) != 0) return e;
  if ((e = krb5_copy_keyblock_contents(m->ctx, &session, &m->session)) != 0) return e;
  if ((e = krb5_crypto_init(m->ctx, &m->session, ETYPE_NULL, &m->kept)) != 0) return e;
  if ((e = krb5_parse_name(m->ctx, s->client, &m->creds.client)) != 0) return e;
  if ((e = krb5_parse_name(m->ctx, s->service, &m->creds.server)) != 0) return e;
  if ((e = krb5_copy_keyblock_contents(m->ctx, &session, &m->creds.session)) != 0) return e;
  if ((e = krb5_data_copy(&m->creds.ticket, s->ticket.data, s->ticket.size)) != 0) return e;
  m->creds.times.authtime = m->creds.times.starttime = s->authtime;
  m->creds.times.endtime = s->endtime;
  return 0;
}

static void *heimdal_open(const struct peer_setup *s) {
  struct heimdal *m = calloc(1, sizeof *m);
  krb5_error_code e;
  if (m == NULL || setenv("KRB5_CONFIG", s->config, 1) != 0) return NULL;
  e = krb5_init_context(&m->ctx);
  if (e == 0) e = heimdal_fill(m, s);
  if (e == 0) return m;
  fprintf(stderr, "Heimdal: %s\n", m->ctx != NULL ? krb5_get_error_message(m->ctx, e) : "no context");
  heimdal_close(m);
  return NULL;
}

static const char *heimdal_text(void *handle, int code) {
  struct heimdal *m = handle;
  const char *text = krb5_get_error_message(m->ctx, code);
  snprintf(m->text, sizeof m->text, "%s", text);
  krb5_free_error_message(m->ctx, text);
  return m->text;
}

static int heimdal_gss_meet(void *handle) {
  struct heimdal *m = handle;
  if (m->gss.client == GSS_C_NO_CREDENTIAL) {
    static unsigned number;
    char name[40];
    krb5_error_code e;
    snprintf(name, sizeof name, "MEMORY:bench-cache%u", ++number);
    if ((e = krb5_cc_resolve(m->ctx, name, &m->cache)) != 0) return e;
    if ((e = krb5_cc_initialize(m->ctx, m->cache, m->creds.client)) != 0) return e;
    if ((e = krb5_cc_store_cred(m->ctx, m->cache, &m->creds)) != 0) return e;
    if ((e = gss_begin(&m->gss, m->cache, m->service, m->keytab, m->name, GSS_KRB5_NT_PRINCIPAL_NAME)) != 0) return e;
  }
  return gss_meet(&m->gss, GSS_KRB5_MECHANISM);
}
static int heimdal_gss_accept(void *handle, struct peer_octets token) {
  return gss_one_accept(&((struct heimdal *)handle)->gss, token);
}
static int heimdal_gss_wrap(void *handle, int conf, struct peer_octets plain, struct peer_octets *token) {
  return gss_one_wrap(&((struct heimdal *)handle)->gss, conf, plain, token);
}
static int heimdal_gss_unwrap(void *handle, struct peer_octets token, size_t *size) {
  return gss_one_unwrap(&((struct heimdal *)handle)->gss, token, size);
}

static int heimdal_accept(void *handle, struct peer_octets request, int answer, char *client, size_t client_size) {
  struct heimdal *m = handle;
  krb5_auth_context auth = NULL;
  krb5_ticket *ticket = NULL;
  krb5_data in = as_data(request), out = {0, NULL};
  char *name = NULL;
  krb5_error_code e = krb5_auth_con_init(m->ctx, &auth);
  if (e == 0) {
    (void)krb5_auth_con_setflags(m->ctx, auth, KRB5_AUTH_CONTEXT_DO_TIME | KRB5_AUTH_CONTEXT_DO_SEQUENCE);
    e = krb5_rd_req(m->ctx, &auth, &in, m->service, m->keytab, NULL, &ticket);
  }
  if (e == 0 && answer) e = krb5_mk_rep(m->ctx, auth, &out);
  if (e == 0 && client != NULL) {
    e = krb5_unparse_name(m->ctx, ticket->client, &name);
    if (e == 0) snprintf(client, client_size, "%s", name);
    free(name);
  }
  krb5_data_free(&out);
  if (ticket != NULL) krb5_free_ticket(m->ctx, ticket);
  if (auth != NULL) krb5_auth_con_free(m->ctx, auth);
  return e;
}

static int heimdal_initiate(void *handle, struct peer_octets *request) {
  struct heimdal *m = handle;
  krb5_auth_context auth = NULL;
  krb5_error_code e = krb5_auth_con_init(m->ctx, &auth);
  krb5_data_free(&m->sent);
  if (e == 0) {
    (void)krb5_auth_con_setflags(m->ctx, auth, KRB5_AUTH_CONTEXT_DO_TIME | KRB5_AUTH_CONTEXT_DO_SEQUENCE);
    e = krb5_mk_req_extended(m->ctx, &auth, AP_OPTS_MUTUAL_REQUIRED | AP_OPTS_USE_SUBKEY, NULL, &m->creds, &m->sent);
  }
  if (auth != NULL) krb5_auth_con_free(m->ctx, auth);
  request->data = m->sent.data;
  request->size = m->sent.length;
  return e;
}

static int heimdal_crypt(struct heimdal *m, int fresh, int usage, struct peer_octets in, unsigned char *out,
                         size_t *size, int sealing) {
  krb5_crypto c = m->kept;
  krb5_data result = {0, NULL};
  krb5_error_code e = fresh ? krb5_crypto_init(m->ctx, &m->session, ETYPE_NULL, &c) : 0;
  if (e != 0) return e;
  e = sealing ? krb5_encrypt(m->ctx, c, (unsigned)usage, in.data, in.size, &result)
              : krb5_decrypt(m->ctx, c, (unsigned)usage, (void *)(size_t)in.data, in.size, &result);
  if (e == 0) memcpy(out, result.data, result.length);
  *size = result.length;
  krb5_data_free(&result);
  if (fresh) krb5_crypto_destroy(m->ctx, c);
  return e;
}
static int heimdal_seal(void *handle, int fresh, int usage, struct peer_octets in, unsigned char *out, size_t *size) {
  return heimdal_crypt(handle, fresh, usage, in, out, size, 1);
}
static int heimdal_unseal(void *handle, int fresh, int usage, struct peer_octets in, unsigned char *out, size_t *size) {
  return heimdal_crypt(handle, fresh, usage, in, out, size, 0);
}

static int heimdal_string_to_key(void *handle, int etype, const char *password, const char *salt, unsigned char *out,
                                 size_t *size) {
  struct heimdal *m = handle;
  krb5_salt s = {KRB5_PW_SALT, {strlen(salt), (void *)(size_t)salt}};
  krb5_data p = {strlen(password), (void *)(size_t)password};
  krb5_keyblock k = {0};
  krb5_error_code e = krb5_string_to_key_data_salt(m->ctx, (krb5_enctype)etype, p, s, &k);
  if (e != 0) return e;
  *size = k.keyvalue.length;
  memcpy(out, k.keyvalue.data, k.keyvalue.length);
  krb5_free_keyblock_contents(m->ctx, &k);
  return 0;
}

static int heimdal_decode(void *handle, enum peer_message what, struct peer_octets in) {
  union heimdal_any v;
  size_t used = 0;
  int e = heimdal_messages[what].decode(in.data, in.size, &v, &used);
  (void)handle;
  if (e == 0) heimdal_messages[what].drop(&v);
  return e;
}
static void *heimdal_decoded(void *handle, enum peer_message what, struct peer_octets in) {
  void *v = calloc(1, heimdal_messages[what].size);
  size_t used = 0;
  (void)handle;
  if (v != NULL && heimdal_messages[what].decode(in.data, in.size, v, &used) == 0) return v;
  free(v);
  return NULL;
}
static void heimdal_drop(void *handle, enum peer_message what, void *v) {
  (void)handle;
  heimdal_messages[what].drop(v);
  free(v);
}
static int heimdal_encode(void *handle, enum peer_message what, const void *v, unsigned char *copy, size_t *size) {
  /* As ASN1_MALLOC_ENCODE does it. */
  size_t n = heimdal_messages[what].length(v), used = 0;
  unsigned char *p = malloc(n);
  int e;
  (void)handle;
  if (p == NULL) return ENOMEM;
  e = heimdal_messages[what].encode(p + n - 1, n, v, &used);
  *size = used;
  if (e == 0 && copy != NULL) memcpy(copy, p, used);
  free(p);
  return e;
}

const struct peer_ops kerb_bench_peer = {
    .name = "heimdal",
    .library = "Heimdal",
    .open = heimdal_open,
    .close = heimdal_close,
    .text = heimdal_text,
    .accept = heimdal_accept,
    .initiate = heimdal_initiate,
    .seal = heimdal_seal,
    .unseal = heimdal_unseal,
    .string_to_key = heimdal_string_to_key,
    .decode = heimdal_decode,
    .decoded = heimdal_decoded,
    .drop = heimdal_drop,
    .encode = heimdal_encode,
    .gss_meet = heimdal_gss_meet,
    .gss_accept = heimdal_gss_accept,
    .gss_wrap = heimdal_gss_wrap,
    .gss_unwrap = heimdal_gss_unwrap,
};
