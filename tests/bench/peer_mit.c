/* MIT krb5 as the benchmark sees it. */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "peer_gss.h"

/* Exported for MIT's own programs, and in no public header. */
struct mit_any;
krb5_error_code krb5_free_enc_tkt_part(krb5_context, struct mit_any *);
void krb5_free_kdc_req(krb5_context, struct mit_any *);
void krb5_free_kdc_rep(krb5_context, struct mit_any *);
void krb5_free_ap_req(krb5_context, struct mit_any *);
#define CODER(NAME)                                                       \
  krb5_error_code decode_krb5_##NAME(const krb5_data *, struct mit_any **); \
  krb5_error_code encode_krb5_##NAME(const struct mit_any *, krb5_data **);
CODER(as_req)
CODER(as_rep)
CODER(tgs_req)
CODER(tgs_rep)
CODER(ap_req)
CODER(ticket)
CODER(enc_tkt_part)
CODER(authenticator)
CODER(error)
#undef CODER

struct mit {
  krb5_context ctx;
  krb5_principal service;
  krb5_keytab keytab;
  krb5_creds creds;
  krb5_keyblock session;
  krb5_key kept;
  krb5_data sent;
  krb5_ccache cache;
  struct peer_gss gss;
  const char *name; /* of the service */
  char text[200];
};

static void mit_free_enc_tkt_part(krb5_context c, struct mit_any *v) { (void)krb5_free_enc_tkt_part(c, v); }
static void mit_free_ticket(krb5_context c, struct mit_any *v) { krb5_free_ticket(c, (krb5_ticket *)v); }
static void mit_free_authenticator(krb5_context c, struct mit_any *v) {
  krb5_free_authenticator(c, (krb5_authenticator *)v);
}
static void mit_free_error(krb5_context c, struct mit_any *v) { krb5_free_error(c, (krb5_error *)v); }

static const struct {
  krb5_error_code (*decode)(const krb5_data *, struct mit_any **);
  krb5_error_code (*encode)(const struct mit_any *, krb5_data **);
  void (*drop)(krb5_context, struct mit_any *);
} mit_messages[peer_messages] = {
    [peer_as_req] = {decode_krb5_as_req, encode_krb5_as_req, krb5_free_kdc_req},
    [peer_as_rep] = {decode_krb5_as_rep, encode_krb5_as_rep, krb5_free_kdc_rep},
    [peer_tgs_req] = {decode_krb5_tgs_req, encode_krb5_tgs_req, krb5_free_kdc_req},
    [peer_tgs_rep] = {decode_krb5_tgs_rep, encode_krb5_tgs_rep, krb5_free_kdc_rep},
    [peer_ap_req] = {decode_krb5_ap_req, encode_krb5_ap_req, krb5_free_ap_req},
    [peer_ticket] = {decode_krb5_ticket, encode_krb5_ticket, mit_free_ticket},
    [peer_enc_tkt_part] = {decode_krb5_enc_tkt_part, encode_krb5_enc_tkt_part, mit_free_enc_tkt_part},
    [peer_authenticator] = {decode_krb5_authenticator, encode_krb5_authenticator, mit_free_authenticator},
    [peer_krb_error] = {decode_krb5_error, encode_krb5_error, mit_free_error},
};

static krb5_data as_data(struct peer_octets o) {
  krb5_data d = {KV5M_DATA, (unsigned)o.size, (char *)(size_t)o.data};
  return d;
}
static krb5_keyblock as_key(int etype, struct peer_octets o) {
  krb5_keyblock k = {KV5M_KEYBLOCK, etype, (unsigned)o.size, (krb5_octet *)(size_t)o.data};
  return k;
}

static void mit_close(void *handle) {
  struct mit *m = handle;
  gss_end(&m->gss);
  if (m->ctx != NULL) {
    if (m->cache != NULL) krb5_cc_destroy(m->ctx, m->cache);
    krb5_free_data_contents(m->ctx, &m->sent);
    krb5_k_free_key(m->ctx, m->kept);
    krb5_free_keyblock_contents(m->ctx, &m->session);
    krb5_free_cred_contents(m->ctx, &m->creds);
    krb5_free_principal(m->ctx, m->service);
    if (m->keytab != NULL) krb5_kt_close(m->ctx, m->keytab);
    krb5_free_context(m->ctx);
  }
  free(m);
}

static krb5_error_code mit_fill(struct mit *m, const struct peer_setup *s) {
  static unsigned number;
  char name[40];
  krb5_keytab_entry entry = {0};
  krb5_keyblock session = as_key(s->session_etype, s->session_key);
  krb5_data ticket = as_data(s->ticket), *copy = NULL;
  krb5_error_code e = krb5_parse_name(m->ctx, s->service, &m->service);
  m->name = s->service;
  if (e != 0) return e;
  snprintf(name, sizeof name, "MEMORY:bench%u", ++number);
  if ((e = krb5_kt_resolve(m->ctx, name, &m->keytab)) != 0) return e;
  entry.principal = m->service;
  entry.vno = (krb5_kvno)s->kvno;
  entry.key = as_key(s->service_etype, s->service_key);
  if ((e = krb5_kt_add_entry(m->ctx, m->keytab, &entry)) != 0) return e;
  if ((e = krb5_copy_keyblock_contents(m->ctx, &session, &m->session)) != 0) return e;
  if ((e = krb5_k_create_key(m->ctx, &session, &m->kept)) != 0) return e;
  if ((e = krb5_parse_name(m->ctx, s->client, &m->creds.client)) != 0) return e;
  if ((e = krb5_parse_name(m->ctx, s->service, &m->creds.server)) != 0) return e;
  if ((e = krb5_copy_keyblock_contents(m->ctx, &session, &m->creds.keyblock)) != 0) return e;
  if ((e = krb5_copy_data(m->ctx, &ticket, &copy)) != 0) return e;
  m->creds.ticket = *copy;
  free(copy);
  m->creds.times.authtime = m->creds.times.starttime = (krb5_timestamp)s->authtime;
  m->creds.times.endtime = (krb5_timestamp)s->endtime;
  return 0;
}

static void *mit_open(const struct peer_setup *s) {
  struct mit *m = calloc(1, sizeof *m);
  krb5_error_code e;
  if (m == NULL || setenv("KRB5_CONFIG", s->config, 1) != 0) return NULL;
  e = krb5_init_context(&m->ctx);
  if (e == 0) e = mit_fill(m, s);
  if (e == 0) return m;
  fprintf(stderr, "MIT krb5: %s\n", m->ctx != NULL ? krb5_get_error_message(m->ctx, e) : "no context");
  mit_close(m);
  return NULL;
}

static const char *mit_text(void *handle, int code) {
  struct mit *m = handle;
  const char *text = krb5_get_error_message(m->ctx, code);
  snprintf(m->text, sizeof m->text, "%s", text);
  krb5_free_error_message(m->ctx, text);
  return m->text;
}

static int mit_gss_meet(void *handle) {
  struct mit *m = handle;
  if (m->gss.client == GSS_C_NO_CREDENTIAL) {
    static unsigned number;
    char name[40];
    krb5_error_code e;
    snprintf(name, sizeof name, "MEMORY:bench-cache%u", ++number);
    if ((e = krb5_cc_resolve(m->ctx, name, &m->cache)) != 0) return e;
    if ((e = krb5_cc_initialize(m->ctx, m->cache, m->creds.client)) != 0) return e;
    if ((e = krb5_cc_store_cred(m->ctx, m->cache, &m->creds)) != 0) return e;
    if ((e = gss_begin(&m->gss, m->cache, m->service, m->keytab, m->name, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME)) != 0) return e;
  }
  return gss_meet(&m->gss, (gss_OID)gss_mech_krb5);
}
static int mit_gss_accept(void *handle, struct peer_octets token) {
  return gss_one_accept(&((struct mit *)handle)->gss, token);
}
static int mit_gss_wrap(void *handle, int conf, struct peer_octets plain, struct peer_octets *token) {
  return gss_one_wrap(&((struct mit *)handle)->gss, conf, plain, token);
}
static int mit_gss_unwrap(void *handle, struct peer_octets token, size_t *size) {
  return gss_one_unwrap(&((struct mit *)handle)->gss, token, size);
}

static int mit_accept(void *handle, struct peer_octets request, int answer, char *client, size_t client_size) {
  struct mit *m = handle;
  krb5_auth_context auth = NULL;
  krb5_ticket *ticket = NULL;
  krb5_data in = as_data(request), out = {0};
  char *name = NULL;
  krb5_error_code e = krb5_auth_con_init(m->ctx, &auth);
  if (e == 0) {
    (void)krb5_auth_con_setflags(m->ctx, auth, KRB5_AUTH_CONTEXT_DO_TIME | KRB5_AUTH_CONTEXT_DO_SEQUENCE);
    e = krb5_rd_req(m->ctx, &auth, &in, m->service, m->keytab, NULL, &ticket);
  }
  if (e == 0 && answer) e = krb5_mk_rep(m->ctx, auth, &out);
  if (e == 0 && client != NULL) {
    e = krb5_unparse_name(m->ctx, ticket->enc_part2->client, &name);
    if (e == 0) snprintf(client, client_size, "%s", name);
    krb5_free_unparsed_name(m->ctx, name);
  }
  krb5_free_data_contents(m->ctx, &out);
  krb5_free_ticket(m->ctx, ticket);
  krb5_auth_con_free(m->ctx, auth);
  return e;
}

static int mit_initiate(void *handle, struct peer_octets *request) {
  struct mit *m = handle;
  krb5_auth_context auth = NULL;
  krb5_error_code e = krb5_auth_con_init(m->ctx, &auth);
  krb5_free_data_contents(m->ctx, &m->sent);
  if (e == 0) {
    (void)krb5_auth_con_setflags(m->ctx, auth, KRB5_AUTH_CONTEXT_DO_TIME | KRB5_AUTH_CONTEXT_DO_SEQUENCE);
    e = krb5_mk_req_extended(m->ctx, &auth, AP_OPTS_MUTUAL_REQUIRED | AP_OPTS_USE_SUBKEY, NULL, &m->creds, &m->sent);
  }
  krb5_auth_con_free(m->ctx, auth);
  request->data = (const unsigned char *)m->sent.data;
  request->size = m->sent.length;
  return e;
}

static int mit_seal(void *handle, int fresh, int usage, struct peer_octets plain, unsigned char *out, size_t *size) {
  struct mit *m = handle;
  krb5_data in = as_data(plain);
  krb5_enc_data sealed = {0};
  size_t n = 0;
  krb5_error_code e = krb5_c_encrypt_length(m->ctx, m->session.enctype, plain.size, &n);
  if (e != 0) return e;
  sealed.ciphertext.data = (char *)out;
  sealed.ciphertext.length = (unsigned)n;
  e = fresh ? krb5_c_encrypt(m->ctx, &m->session, usage, NULL, &in, &sealed)
            : krb5_k_encrypt(m->ctx, m->kept, usage, NULL, &in, &sealed);
  *size = sealed.ciphertext.length;
  return e;
}
static int mit_unseal(void *handle, int fresh, int usage, struct peer_octets in, unsigned char *out, size_t *size) {
  struct mit *m = handle;
  krb5_enc_data sealed = {0};
  krb5_data plain = {KV5M_DATA, (unsigned)in.size, (char *)out};
  krb5_error_code e;
  sealed.enctype = m->session.enctype;
  sealed.ciphertext = as_data(in);
  e = fresh ? krb5_c_decrypt(m->ctx, &m->session, usage, NULL, &sealed, &plain)
            : krb5_k_decrypt(m->ctx, m->kept, usage, NULL, &sealed, &plain);
  *size = plain.length;
  return e;
}

static int mit_string_to_key(void *handle, int etype, const char *password, const char *salt, unsigned char *out,
                             size_t *size) {
  struct mit *m = handle;
  struct peer_octets p = {(const unsigned char *)password, strlen(password)};
  struct peer_octets s = {(const unsigned char *)salt, strlen(salt)};
  krb5_data password_data = as_data(p), salt_data = as_data(s);
  krb5_keyblock k = {0};
  krb5_error_code e = krb5_c_string_to_key(m->ctx, etype, &password_data, &salt_data, &k);
  if (e != 0) return e;
  *size = k.length;
  memcpy(out, k.contents, k.length);
  krb5_free_keyblock_contents(m->ctx, &k);
  return 0;
}

static int mit_decode(void *handle, enum peer_message what, struct peer_octets in) {
  struct mit *m = handle;
  struct mit_any *v = NULL;
  krb5_data d = as_data(in);
  krb5_error_code e = mit_messages[what].decode(&d, &v);
  if (e == 0) mit_messages[what].drop(m->ctx, v);
  return e;
}
static void *mit_decoded(void *handle, enum peer_message what, struct peer_octets in) {
  struct mit_any *v = NULL;
  krb5_data d = as_data(in);
  (void)handle;
  return mit_messages[what].decode(&d, &v) == 0 ? v : NULL;
}
static void mit_drop(void *handle, enum peer_message what, void *v) {
  struct mit *m = handle;
  mit_messages[what].drop(m->ctx, v);
}
static int mit_encode(void *handle, enum peer_message what, const void *v, unsigned char *copy, size_t *size) {
  struct mit *m = handle;
  krb5_data *d = NULL;
  krb5_error_code e = mit_messages[what].encode(v, &d);
  if (e != 0) return e;
  *size = d->length;
  if (copy != NULL) memcpy(copy, d->data, d->length);
  krb5_free_data(m->ctx, d);
  return 0;
}

const struct peer_ops kerb_bench_peer = {
    .name = "mit",
    .library = "MIT krb5",
    .open = mit_open,
    .close = mit_close,
    .text = mit_text,
    .accept = mit_accept,
    .initiate = mit_initiate,
    .seal = mit_seal,
    .unseal = mit_unseal,
    .string_to_key = mit_string_to_key,
    .decode = mit_decode,
    .decoded = mit_decoded,
    .drop = mit_drop,
    .encode = mit_encode,
    .gss_meet = mit_gss_meet,
    .gss_accept = mit_gss_accept,
    .gss_wrap = mit_gss_wrap,
    .gss_unwrap = mit_gss_unwrap,
};
