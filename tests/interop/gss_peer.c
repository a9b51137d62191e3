/* MIT's GSS-API as the other side of a context. It talks in lines: words, and octets in hexadecimal.
 *
 *   gss_peer initiate CLIENT PASSWORD SERVICE FLAGS BINDINGS
 *                       writes `token HEX`, and with mutual authentication reads `token HEX` or `none`
 *   gss_peer accept KEYTAB BINDINGS
 *                       reads `token HEX`, writes the answer, which may be of no octets
 *
 * FLAGS: m mutual authentication, r replays, s sequence, c confidentiality, i integrity, d delegation, - none of them.
 * BINDINGS: - for none, or TYPE:HEX:TYPE:HEX:HEX, as the structure has them. A context that stands is told by its flags
 * and key, and at the acceptor also by `client`, `bound` and `deleg`, whose credentials arrived; one that does not by
 * `major`, the routine error's number and text.
 */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static krb5_context ctx;
static char line[400000];

static void finish(void) {
  fflush(stdout);
  exit(0);
}
static void check(krb5_error_code e, const char *what) {
  if (e == 0) return;
  printf("failed %s %ld %s\n", what, (long)e, krb5_get_error_message(ctx, e));
  finish();
}
static void put_hex(const void *p, size_t n) {
  const unsigned char *c = p;
  for (size_t i = 0; i != n; ++i) printf("%02x", c[i]);
}
static void put_token(const gss_buffer_desc *t) {
  printf("token ");
  put_hex(t->value, t->length);
  printf("\n");
  fflush(stdout);
}
static gss_buffer_desc from_hex(const char *hex) {
  gss_buffer_desc d;
  unsigned octet = 0;
  d.length = strspn(hex, "0123456789abcdef") / 2;
  d.value = malloc(d.length + 1);
  if (d.value == NULL) exit(1);
  for (size_t i = 0; i != d.length; ++i) {
    sscanf(hex + 2 * i, "%2x", &octet);
    ((unsigned char *)d.value)[i] = (unsigned char)octet;
  }
  return d;
}
/* The next line's token; nothing where it says something else. */
static gss_buffer_desc read_token(void) {
  if (fgets(line, sizeof line, stdin) == NULL) exit(1);
  return from_hex(strncmp(line, "token ", 6) == 0 ? line + 6 : "");
}
static void put_status(const char *word, OM_uint32 status, int type) {
  OM_uint32 minor, more = 0;
  gss_buffer_desc text;
  if (gss_display_status(&minor, status, type, (gss_OID)gss_mech_krb5, &more, &text) != GSS_S_COMPLETE) return;
  printf("%s %u %.*s\n", word, (unsigned)(type == GSS_C_GSS_CODE ? GSS_ROUTINE_ERROR(status) >> 16 : status),
         (int)text.length, (const char *)text.value);
}
static void fail(OM_uint32 major, OM_uint32 minor) {
  put_status("minor", minor, GSS_C_MECH_CODE);
  put_status("major", major, GSS_C_GSS_CODE);
  finish();
}
static void must(OM_uint32 major, OM_uint32 minor) {
  if (GSS_ERROR(major)) fail(major, minor);
}
static gss_channel_bindings_t bindings(const char *text) {
  static struct gss_channel_bindings_struct b;
  const char *at = text;
  if (strcmp(text, "-") == 0) return GSS_C_NO_CHANNEL_BINDINGS;
  b.initiator_addrtype = (OM_uint32)strtoul(at, NULL, 10);
  at = strchr(at, ':') + 1;
  b.initiator_address = from_hex(at);
  at = strchr(at, ':') + 1;
  b.acceptor_addrtype = (OM_uint32)strtoul(at, NULL, 10);
  at = strchr(at, ':') + 1;
  b.acceptor_address = from_hex(at);
  at = strchr(at, ':') + 1;
  b.application_data = from_hex(at);
  return &b;
}
static void put_name(const char *word, gss_name_t name) {
  OM_uint32 minor, major;
  gss_buffer_desc text;
  major = gss_display_name(&minor, name, &text, NULL);
  must(major, minor);
  printf("%s %.*s\n", word, (int)text.length, (const char *)text.value);
}
/* What both sides hold: the flags, and the key that protects messages. The last arc of the identifier that comes with
 * it is its encryption type. */
static void put_context(gss_ctx_id_t c, OM_uint32 flags) {
  OM_uint32 minor, major;
  gss_buffer_set_t key;
  const unsigned char *oid;
  printf("flags %u\n", (unsigned)flags);
  major = gss_inquire_sec_context_by_oid(&minor, c, GSS_C_INQ_SSPI_SESSION_KEY, &key);
  must(major, minor);
  oid = key->elements[1].value;
  printf("key %u ", (unsigned)oid[key->elements[1].length - 1]);
  put_hex(key->elements[0].value, key->elements[0].length);
  printf("\n");
}

static gss_cred_id_t log_in(const char *client, const char *password) {
  OM_uint32 minor, major;
  gss_cred_id_t cred;
  krb5_principal p;
  krb5_creds tgt;
  krb5_ccache cc;
  krb5_get_init_creds_opt *options;
  check(krb5_parse_name(ctx, client, &p), "parse_name");
  check(krb5_get_init_creds_opt_alloc(ctx, &options), "opt_alloc");
  krb5_get_init_creds_opt_set_forwardable(options, 1);
  check(krb5_get_init_creds_password(ctx, &tgt, p, password, NULL, NULL, 0, NULL, options), "get_init_creds");
  check(krb5_cc_new_unique(ctx, "MEMORY", NULL, &cc), "cc_new_unique");
  check(krb5_cc_initialize(ctx, cc, p), "cc_initialize");
  check(krb5_cc_store_cred(ctx, cc, &tgt), "cc_store_cred");
  major = gss_krb5_import_cred(&minor, cc, NULL, NULL, &cred);
  must(major, minor);
  return cred;
}
static OM_uint32 flags_of(const char *letters) {
  OM_uint32 f = 0;
  if (strchr(letters, 'm')) f |= GSS_C_MUTUAL_FLAG;
  if (strchr(letters, 'r')) f |= GSS_C_REPLAY_FLAG;
  if (strchr(letters, 's')) f |= GSS_C_SEQUENCE_FLAG;
  if (strchr(letters, 'c')) f |= GSS_C_CONF_FLAG;
  if (strchr(letters, 'i')) f |= GSS_C_INTEG_FLAG;
  if (strchr(letters, 'd')) f |= GSS_C_DELEG_FLAG;
  return f;
}
static void initiate(const char *client, const char *password, const char *service, const char *letters,
                     gss_channel_bindings_t cb) {
  OM_uint32 minor, major, got = 0;
  gss_cred_id_t cred = log_in(client, password);
  gss_ctx_id_t c = GSS_C_NO_CONTEXT;
  gss_buffer_desc name, in = GSS_C_EMPTY_BUFFER, out;
  gss_name_t server;
  name.value = (void *)service;
  name.length = strlen(service);
  major = gss_import_name(&minor, &name, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &server);
  must(major, minor);
  do {
    major = gss_init_sec_context(&minor, cred, &c, server, (gss_OID)gss_mech_krb5, flags_of(letters), 0, cb, &in, NULL,
                                 &out, &got, NULL);
    if (out.length != 0) put_token(&out);
    must(major, minor);
    if (major == GSS_S_CONTINUE_NEEDED) in = read_token();
  } while (major == GSS_S_CONTINUE_NEEDED);
  put_context(c, got);
}
static void accept_one(const char *keytab, gss_channel_bindings_t cb) {
  OM_uint32 minor, major, got = 0;
  gss_cred_id_t cred, delegated = GSS_C_NO_CREDENTIAL;
  gss_ctx_id_t c = GSS_C_NO_CONTEXT;
  gss_buffer_desc in, out;
  gss_name_t client;
  krb5_keytab kt;
  check(krb5_kt_resolve(ctx, keytab, &kt), "kt_resolve");
  major = gss_krb5_import_cred(&minor, NULL, NULL, kt, &cred);
  must(major, minor);
  in = read_token();
  major = gss_accept_sec_context(&minor, &c, cred, &in, cb, &client, NULL, &out, &got, NULL, &delegated);
  put_token(&out);
  must(major, minor);
  put_name("client", client);
  printf("bound %d\n", (got & GSS_C_CHANNEL_BOUND_FLAG) != 0);
  if (delegated != GSS_C_NO_CREDENTIAL) {
    major = gss_inquire_cred(&minor, delegated, &client, NULL, NULL, NULL);
    must(major, minor);
    put_name("deleg", client);
  }
  put_context(c, got & ~(OM_uint32)GSS_C_CHANNEL_BOUND_FLAG);
}

int main(int argc, char **argv) {
  if (krb5_init_context(&ctx) != 0) return 1;
  if (argc == 7 && strcmp(argv[1], "initiate") == 0) {
    initiate(argv[2], argv[3], argv[4], argv[5], bindings(argv[6]));
  } else if (argc == 4 && strcmp(argv[1], "accept") == 0) {
    accept_one(argv[2], bindings(argv[3]));
  } else {
    return 2;
  }
  printf("over\n");
  finish();
}
