/* MIT's or Heimdal's GSS-API as the other side of a context. It talks in lines: words, and octets in hexadecimal.
 *
 *   gss_peer initiate CLIENT PASSWORD SERVICE FLAGS BINDINGS
 *                       writes `token HEX`, and with mutual authentication reads `token HEX` or `none`; with `-` for
 *                       PASSWORD the CLIENT is a credential cache
 *   gss_peer accept KEYTAB BINDINGS
 *                       reads `token HEX`, writes the answer, which may be of no octets
 *
 * FLAGS: m mutual authentication, r replays, s sequence, c confidentiality, i integrity, d delegation, p delegation by
 * policy, D DCE style, I identify, E extended errors, - none of them. In DCE style the initiator writes a last token,
 * and the acceptor reads it. BINDINGS: - for none, or TYPE:HEX:TYPE:HEX:HEX, as the structure has them. A context that
 * stands is told by its flags, names, lifetime and key, and at the acceptor also by `client`, `bound` and `deleg`, whose
 * credentials arrived; one that does not by `major`, the routine error's number and text. After `over` each line is a
 * command, answered by one line, or by `refused MAJOR TEXT`:
 *
 *   wrap CONF HEX            token CONF HEX
 *   unwrap HEX               data CONF ORDER HEX
 *   mic HEX                  token 0 HEX
 *   verify MIC HEX           verified ORDER
 *   wrap_iov CONF PIECE...   pieces PIECE...
 *   unwrap_iov PIECE...      pieces CONF ORDER PIECE...
 *   prf KEY OCTETS HEX       prf HEX; KEY is GSS_C_PRF_KEY_FULL (0) or GSS_C_PRF_KEY_PARTIAL (1)
 *   limit CONF OCTETS        limit OCTETS
 *   use SERVICE              token HEX, with which the delegated credentials begin a context
 *
 * ORDER: complete, duplicate, old, unseq or gap. PIECE: a letter and HEX: h header, d data, s signed only, p padding,
 * t trailer, m a whole token.
 */
#ifndef HEIMDAL
#include <gssapi/gssapi_ext.h>
#endif
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HEIMDAL
#define gss_mech_krb5 GSS_KRB5_MECHANISM
#define GSS_C_CHANNEL_BOUND_FLAG 0
#define FLAG_ALLOCATE GSS_IOV_BUFFER_TYPE_FLAG_ALLOCATE
#else
#define FLAG_ALLOCATE GSS_IOV_BUFFER_FLAG_ALLOCATE
#endif

static krb5_context ctx;
static char line[400000];
static gss_cred_id_t delegated = GSS_C_NO_CREDENTIAL;

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
static void put_names(gss_ctx_id_t c) {
  OM_uint32 minor, major, left = 0;
  gss_name_t initiator, acceptor;
  major = gss_inquire_context(&minor, c, &initiator, &acceptor, &left, NULL, NULL, NULL, NULL);
  must(major, minor);
  put_name("initiator", initiator);
  put_name("acceptor", acceptor);
  printf("lifetime %u\n", (unsigned)left);
}
/* The key that protects messages. */
#ifdef HEIMDAL
static void put_session_key(gss_ctx_id_t c) {
  OM_uint32 minor, major;
  krb5_keyblock *key;
  major = gsskrb5_get_subkey(&minor, c, &key);
  must(major, minor);
  printf("key %u ", (unsigned)key->keytype);
  put_hex(key->keyvalue.data, key->keyvalue.length);
  printf("\n");
}
#else
/* The last arc of the identifier that comes with it is its encryption type. */
static void put_session_key(gss_ctx_id_t c) {
  OM_uint32 minor, major;
  gss_buffer_set_t key;
  const unsigned char *oid;
  major = gss_inquire_sec_context_by_oid(&minor, c, GSS_C_INQ_SSPI_SESSION_KEY, &key);
  must(major, minor);
  oid = key->elements[1].value;
  printf("key %u ", (unsigned)oid[key->elements[1].length - 1]);
  put_hex(key->elements[0].value, key->elements[0].length);
  printf("\n");
}
#endif
/* What both sides hold. */
static void put_context(gss_ctx_id_t c, OM_uint32 flags) {
  printf("flags %u\n", (unsigned)flags);
  put_names(c);
  put_session_key(c);
}

static gss_cred_id_t from_cache(krb5_ccache cc) {
  OM_uint32 minor, major;
  gss_cred_id_t cred;
  major = gss_krb5_import_cred(&minor, cc, NULL, NULL, &cred);
  must(major, minor);
  return cred;
}
#ifdef HEIMDAL
static gss_cred_id_t log_in(const char *client, const char *password) {
  (void)client, (void)password;
  exit(2);
}
#else
static gss_cred_id_t log_in(const char *client, const char *password) {
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
  return from_cache(cc);
}
#endif
static gss_cred_id_t cached(const char *name) {
  krb5_ccache cc;
  check(krb5_cc_resolve(ctx, name, &cc), "cc_resolve");
  return from_cache(cc);
}
static OM_uint32 flags_of(const char *letters) {
  OM_uint32 f = 0;
  if (strchr(letters, 'm')) f |= GSS_C_MUTUAL_FLAG;
  if (strchr(letters, 'r')) f |= GSS_C_REPLAY_FLAG;
  if (strchr(letters, 's')) f |= GSS_C_SEQUENCE_FLAG;
  if (strchr(letters, 'c')) f |= GSS_C_CONF_FLAG;
  if (strchr(letters, 'i')) f |= GSS_C_INTEG_FLAG;
  if (strchr(letters, 'd')) f |= GSS_C_DELEG_FLAG;
  if (strchr(letters, 'p')) f |= GSS_C_DELEG_POLICY_FLAG;
  if (strchr(letters, 'D')) f |= GSS_C_DCE_STYLE;
  if (strchr(letters, 'I')) f |= GSS_C_IDENTIFY_FLAG;
  if (strchr(letters, 'E')) f |= GSS_C_EXTENDED_ERROR_FLAG;
  return f;
}
static gss_name_t service_name(const char *service) {
  OM_uint32 minor, major;
  gss_buffer_desc name;
  gss_name_t server;
  name.value = (void *)service;
  name.length = strlen(service);
  major = gss_import_name(&minor, &name, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &server);
  must(major, minor);
  return server;
}
static gss_ctx_id_t initiate(const char *client, const char *password, const char *service, const char *letters,
                     gss_channel_bindings_t cb) {
  OM_uint32 minor, major, got = 0;
  gss_cred_id_t cred = strcmp(password, "-") == 0 ? cached(client) : log_in(client, password);
  gss_ctx_id_t c = GSS_C_NO_CONTEXT;
  gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out;
  gss_name_t server = service_name(service);
  do {
    major = gss_init_sec_context(&minor, cred, &c, server, (gss_OID)gss_mech_krb5, flags_of(letters), 0, cb, &in, NULL,
                                 &out, &got, NULL);
    if (out.length != 0) put_token(&out);
    must(major, minor);
    if (major == GSS_S_CONTINUE_NEEDED) in = read_token();
  } while (major == GSS_S_CONTINUE_NEEDED);
  put_context(c, got);
  return c;
}
static gss_ctx_id_t accept_one(const char *keytab, gss_channel_bindings_t cb) {
  OM_uint32 minor, major, got = 0;
  gss_cred_id_t cred;
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
  if (major == GSS_S_CONTINUE_NEEDED) {
    in = read_token();
    major = gss_accept_sec_context(&minor, &c, cred, &in, cb, &client, NULL, &out, &got, NULL, &delegated);
    must(major, minor);
  }
  put_name("client", client);
  printf("bound %d\n", (got & GSS_C_CHANNEL_BOUND_FLAG) != 0);
  if (delegated != GSS_C_NO_CREDENTIAL) {
    major = gss_inquire_cred(&minor, delegated, &client, NULL, NULL, NULL);
    must(major, minor);
    put_name("deleg", client);
  }
  put_context(c, got & ~(OM_uint32)GSS_C_CHANNEL_BOUND_FLAG);
  return c;
}

static int refused(OM_uint32 major, OM_uint32 minor) {
  (void)minor;
  if (!GSS_ERROR(major)) return 0;
  put_status("refused", major, GSS_C_GSS_CODE);
  return 1;
}
static const char *order(OM_uint32 major) {
  if (major & GSS_S_DUPLICATE_TOKEN) return "duplicate";
  if (major & GSS_S_OLD_TOKEN) return "old";
  if (major & GSS_S_UNSEQ_TOKEN) return "unseq";
  if (major & GSS_S_GAP_TOKEN) return "gap";
  return "complete";
}
static void put_message(const char *word, int conf, const gss_buffer_desc *octets) {
  printf("%s %d ", word, conf);
  put_hex(octets->value, octets->length);
  printf("\n");
}
static void wrap(gss_ctx_id_t c, int conf, const char *hex) {
  OM_uint32 minor, major;
  gss_buffer_desc in = from_hex(hex), out;
  int sealed = 0;
  major = gss_wrap(&minor, c, conf, GSS_C_QOP_DEFAULT, &in, &sealed, &out);
  if (!refused(major, minor)) put_message("token", sealed, &out);
}
static void unwrap(gss_ctx_id_t c, const char *hex) {
  OM_uint32 minor, major;
  gss_buffer_desc in = from_hex(hex), out;
  int sealed = 0;
  major = gss_unwrap(&minor, c, &in, &out, &sealed, NULL);
  if (refused(major, minor)) return;
  printf("data %d %s ", sealed, order(major));
  put_hex(out.value, out.length);
  printf("\n");
}
static void mic(gss_ctx_id_t c, const char *hex) {
  OM_uint32 minor, major;
  gss_buffer_desc in = from_hex(hex), out;
  major = gss_get_mic(&minor, c, GSS_C_QOP_DEFAULT, &in, &out);
  if (!refused(major, minor)) put_message("token", 0, &out);
}
static void verify(gss_ctx_id_t c, const char *token, const char *hex) {
  OM_uint32 minor, major;
  gss_buffer_desc in = from_hex(hex), sum = from_hex(token);
  major = gss_verify_mic(&minor, c, &in, &sum, NULL);
  if (!refused(major, minor)) printf("verified %s\n", order(major));
}
static void prf(gss_ctx_id_t c, int key, long n, const char *hex) {
  OM_uint32 minor, major;
  gss_buffer_desc in = from_hex(hex), out;
  major = gss_pseudo_random(&minor, c, key, &in, n, &out);
  if (refused(major, minor)) return;
  printf("prf ");
  put_hex(out.value, out.length);
  printf("\n");
}
static void limit(gss_ctx_id_t c, int conf, unsigned octets) {
  OM_uint32 minor, major, most = 0;
  major = gss_wrap_size_limit(&minor, c, conf, GSS_C_QOP_DEFAULT, octets, &most);
  if (!refused(major, minor)) printf("limit %u\n", (unsigned)most);
}
static void use(const char *service) {
  OM_uint32 minor, major;
  gss_ctx_id_t c = GSS_C_NO_CONTEXT;
  gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out;
  major = gss_init_sec_context(&minor, delegated, &c, service_name(service), (gss_OID)gss_mech_krb5, 0, 0,
                               GSS_C_NO_CHANNEL_BINDINGS, &in, NULL, &out, NULL, NULL);
  if (!refused(major, minor)) put_token(&out);
}

static const char letters_of_pieces[] = "hdsptm";
static const OM_uint32 types[] = {GSS_IOV_BUFFER_TYPE_HEADER,  GSS_IOV_BUFFER_TYPE_DATA,    GSS_IOV_BUFFER_TYPE_SIGN_ONLY,
                                  GSS_IOV_BUFFER_TYPE_PADDING, GSS_IOV_BUFFER_TYPE_TRAILER, GSS_IOV_BUFFER_TYPE_STREAM};
static int read_pieces(gss_iov_buffer_desc *iov) {
  int n = 0;
  char *word;
  while (n != 16 && (word = strtok(NULL, " ")) != NULL) {
    const char *letter = strchr(letters_of_pieces, word[0]);
    if (letter == NULL) exit(2);
    iov[n].type = types[letter - letters_of_pieces];
    iov[n].buffer = from_hex(word + 1);
    ++n;
  }
  return n;
}
static void put_pieces(const gss_iov_buffer_desc *iov, int n) {
  for (int i = 0; i != n; ++i) {
    size_t k = 0;
    while (types[k] != GSS_IOV_BUFFER_TYPE(iov[i].type)) ++k;
    printf(" %c", letters_of_pieces[k]);
    put_hex(iov[i].buffer.value, iov[i].buffer.length);
  }
  printf("\n");
}
static void wrap_iov(gss_ctx_id_t c, int conf) {
  OM_uint32 minor, major;
  gss_iov_buffer_desc iov[16];
  const int n = read_pieces(iov);
  int sealed = 0;
  for (int i = 0; i != n; ++i)
    if (iov[i].buffer.length == 0 && iov[i].type != GSS_IOV_BUFFER_TYPE_DATA)
      iov[i].type |= FLAG_ALLOCATE;
  major = gss_wrap_iov(&minor, c, conf, GSS_C_QOP_DEFAULT, &sealed, iov, n);
  if (refused(major, minor)) return;
  printf("pieces");
  put_pieces(iov, n);
}
static void unwrap_iov(gss_ctx_id_t c) {
  OM_uint32 minor, major;
  gss_iov_buffer_desc iov[16];
  const int n = read_pieces(iov);
  int sealed = 0;
  major = gss_unwrap_iov(&minor, c, &sealed, NULL, iov, n);
  if (refused(major, minor)) return;
  printf("pieces %d %s", sealed, order(major));
  put_pieces(iov, n);
}

/* The next word of the line, which may be empty at its end. */
static const char *word(void) {
  const char *w = strtok(NULL, " ");
  return w != NULL ? w : "";
}
static void obey(gss_ctx_id_t c) {
  const char *command, *first;
  line[strcspn(line, "\n")] = '\0';
  command = strtok(line, " ");
  if (command == NULL) exit(2);
  if (strcmp(command, "wrap_iov") == 0) {
    wrap_iov(c, atoi(word()));
    return;
  }
  if (strcmp(command, "unwrap_iov") == 0) {
    unwrap_iov(c);
    return;
  }
  first = word();
  if (strcmp(command, "wrap") == 0) {
    wrap(c, atoi(first), word());
  } else if (strcmp(command, "unwrap") == 0) {
    unwrap(c, first);
  } else if (strcmp(command, "mic") == 0) {
    mic(c, first);
  } else if (strcmp(command, "verify") == 0) {
    verify(c, first, word());
  } else if (strcmp(command, "prf") == 0) {
    const long n = atol(word());
    prf(c, atoi(first), n, word());
  } else if (strcmp(command, "limit") == 0) {
    limit(c, atoi(first), (unsigned)atol(word()));
  } else if (strcmp(command, "use") == 0) {
    use(first);
  } else {
    exit(2);
  }
}

int main(int argc, char **argv) {
  gss_ctx_id_t c;
  if (krb5_init_context(&ctx) != 0) return 1;
  if (argc == 7 && strcmp(argv[1], "initiate") == 0) {
    c = initiate(argv[2], argv[3], argv[4], argv[5], bindings(argv[6]));
  } else if (argc == 4 && strcmp(argv[1], "accept") == 0) {
    c = accept_one(argv[2], bindings(argv[3]));
  } else {
    return 2;
  }
  printf("over\n");
  while (fflush(stdout), fgets(line, sizeof line, stdin) != NULL) obey(c);
  finish();
}
