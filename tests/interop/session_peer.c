/* MIT's or Heimdal's library as the other side of a session. It talks in lines: words, and octets in hexadecimal.
 *
 *   session_peer accept KEYTAB SERVICE FLAGS [HEX]   reads `req HEX`, writes who it is and, if asked for one, `rep HEX`
 *   session_peer initiate CACHE SERVICE FLAGS [HEX]  writes `req HEX`, reads `rep HEX` if it asked for one
 *
 * FLAGS: m mutual authentication, s a subkey of its own, q sequence numbers, t timestamps, e a list of encryption types
 * (MIT only), x the request by krb5_mk_req_extended instead of krb5_mk_req, u the ticket's service with whatever name
 * the keytab has, v user-to-user, where `accept` reads `key ETYPE HEX` first; HEX: what the authenticator's checksum
 * covers. After the exchange both write what they hold and `ready`; then each line is a command, answered by one line,
 * or by `failed CODE TEXT`:
 *
 *   safe HEX, priv HEX          a message with these user data
 *   rd_safe HEX, rd_priv HEX    data HEX
 *   cred                        a KRB-CRED with the tickets of the cache (MIT only)
 *   forward                     a KRB-CRED with a forwarded ticket-granting ticket: writes `kdc HEX` for each request to
 *                               the KDC and reads `kdc HEX`
 *   rd_cred HEX                 creds N, and N lines cred CLIENT SERVER ETYPE KEY FLAGS AUTHTIME STARTTIME ENDTIME
 *                               RENEW-TILL TICKET
 *   flags FLAGS                 q and t anew
 *   addresses LOCAL REMOTE      each TYPE/HEX, or - for none
 *   count LOCAL REMOTE          the next sequence numbers (Heimdal only)
 */
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HEIMDAL
#include <krb5/send_to_kdc_plugin.h>
#endif

static krb5_context ctx;
static krb5_auth_context ac;
static krb5_ccache cache;
static krb5_principal client, server;
static char line[200000];

/* What the two libraries call differently. */
#ifdef HEIMDAL
#define KEY_TYPE(k) ((int)(k)->keytype)
#define KEY_OCTETS(k) ((k)->keyvalue.data)
#define KEY_LENGTH(k) ((k)->keyvalue.length)
#define SESSION_KEY(c) (&(c)->session)
#define krb5_auth_con_getsendsubkey krb5_auth_con_getlocalsubkey
#define krb5_auth_con_getrecvsubkey krb5_auth_con_getremotesubkey
/* The first bit is the highest, as on the wire; those that our tickets have. */
#define TICKET_FLAGS(c)                                                                               \
  ((unsigned)(c)->flags.b.forwardable << 30 | (unsigned)(c)->flags.b.forwarded << 29 |                \
   (unsigned)(c)->flags.b.renewable << 23 | (unsigned)(c)->flags.b.initial << 22 |                    \
   (unsigned)(c)->flags.b.pre_authent << 21 | (unsigned)(c)->flags.b.transited_policy_checked << 19)
#else
#define KEY_TYPE(k) ((int)(k)->enctype)
#define KEY_OCTETS(k) ((k)->contents)
#define KEY_LENGTH(k) ((k)->length)
#define SESSION_KEY(c) (&(c)->keyblock)
#define TICKET_FLAGS(c) ((unsigned)(c)->ticket_flags)
#endif

static void finish(void) {
  fflush(stdout);
  exit(0);
}
/* An error of the protocol as its number there, any other as the library's. */
static long number_of(krb5_error_code e) {
  const long n = (long)e - (long)ERROR_TABLE_BASE_krb5;
  return n >= 0 && n < 128 ? n : (long)e;
}
static int failed(krb5_error_code e) {
  if (e != 0) printf("failed %ld %s\n", number_of(e), krb5_get_error_message(ctx, e));
  return e != 0;
}
static void check(krb5_error_code e) {
  if (failed(e)) finish();
}
static void put_hex(const void *p, size_t n) {
  const unsigned char *c = p;
  for (size_t i = 0; i != n; ++i) printf("%02x", c[i]);
}
static void put(const char *word, const krb5_data *d) {
  printf("%s ", word);
  put_hex(d->data, d->length);
  printf("\n");
}
static void put_key(const char *word, const krb5_keyblock *k) {
  if (k == NULL) return;
  printf("%s %d ", word, KEY_TYPE(k));
  put_hex(KEY_OCTETS(k), KEY_LENGTH(k));
  printf("\n");
}
static krb5_data from_hex(const char *hex) {
  krb5_data d;
  size_t n = strspn(hex, "0123456789abcdef") / 2;
  unsigned octet = 0;
  char *octets = malloc(n + 1);
  if (octets == NULL) exit(1);
  for (size_t i = 0; i != n; ++i) {
    sscanf(hex + 2 * i, "%2x", &octet);
    octets[i] = (char)octet;
  }
  memset(&d, 0, sizeof d);
  d.length = (unsigned)n;
  d.data = octets;
  return d;
}
/* The rest of the next line if it begins with this word. */
static const char *read_word(const char *word) {
  const size_t n = strlen(word);
  fflush(stdout);
  if (fgets(line, sizeof line, stdin) == NULL || strncmp(line, word, n) != 0 || line[n] != ' ') exit(1);
  return line + n + 1;
}

static int32_t flags_of(const char *letters) {
  return (strchr(letters, 'q') ? KRB5_AUTH_CONTEXT_DO_SEQUENCE : 0) |
         (strchr(letters, 't') ? KRB5_AUTH_CONTEXT_DO_TIME : 0) |
         (strchr(letters, 's') ? KRB5_AUTH_CONTEXT_USE_SUBKEY : 0);
}
static void tell_state(void) {
  krb5_keyblock *k = NULL;
  int32_t n = 0;
  check(krb5_auth_con_getkey(ctx, ac, &k));
  put_key("session", k);
  k = NULL;
  check(krb5_auth_con_getsendsubkey(ctx, ac, &k));
  put_key("send_subkey", k);
  k = NULL;
  check(krb5_auth_con_getrecvsubkey(ctx, ac, &k));
  put_key("recv_subkey", k);
  check(krb5_auth_con_getlocalseqnumber(ctx, ac, &n));
  printf("local_seq %u\n", (unsigned)n);
  check(krb5_auth_con_getremoteseqnumber(ctx, ac, &n));
  printf("remote_seq %u\n", (unsigned)n);
  printf("ready\n");
}

static void say_checksum(krb5_data *covered) {
#ifdef HEIMDAL
  krb5_error_code e = krb5_verify_authenticator_checksum(ctx, ac, covered->data, covered->length);
  printf("checksum %s\n", e == 0 ? "good" : e == -17 ? "none" : "bad");
#else
  krb5_authenticator *a = NULL;
  krb5_keyblock *key = NULL;
  krb5_boolean valid = FALSE;
  check(krb5_auth_con_getauthenticator(ctx, ac, &a));
  check(krb5_auth_con_getkey(ctx, ac, &key));
  if (a->checksum == NULL) {
    printf("checksum none\n");
    return;
  }
  check(krb5_c_verify_checksum(ctx, key, KRB5_KEYUSAGE_AP_REQ_AUTH_CKSUM, covered, a->checksum, &valid));
  printf("checksum %s\n", valid ? "good" : "bad");
#endif
}
/* The session key that the ticket is sealed under. */
static void set_user_key(const char *text) {
  krb5_keyblock k;
  krb5_data octets = from_hex(strchr(text, ' ') + 1);
  memset(&k, 0, sizeof k);
#ifdef HEIMDAL
  k.keytype = atoi(text);
  k.keyvalue = octets;
  check(krb5_auth_con_setuserkey(ctx, ac, &k));
#else
  k.enctype = atoi(text);
  k.length = octets.length;
  k.contents = (krb5_octet *)octets.data;
  check(krb5_auth_con_setuseruserkey(ctx, ac, &k));
#endif
}
static void accept_one(const char *keytab, const char *flags, const char *hex) {
  krb5_keytab kt;
  krb5_flags options = 0;
  krb5_ticket *ticket = NULL;
  krb5_data req, out, covered = from_hex(hex ? hex : "");
  krb5_error_code e;
  char *name = NULL;
  check(krb5_kt_resolve(ctx, keytab, &kt));
  if (strchr(flags, 'v')) set_user_key(read_word("key"));
  req = from_hex(read_word("req"));
  e = krb5_rd_req(ctx, &ac, &req, strchr(flags, 'u') ? NULL : server, kt, &options, &ticket);
  if (e != 0) {
    printf("refused %ld %s\n", number_of(e), krb5_get_error_message(ctx, e));
    finish();
  }
#ifdef HEIMDAL
  check(krb5_ticket_get_client(ctx, ticket, &client));
#else
  client = ticket->enc_part2->client;
#endif
  check(krb5_unparse_name(ctx, client, &name));
  printf("client %s\n", name);
  printf("mutual %d\n", (options & AP_OPTS_MUTUAL_REQUIRED) != 0);
  say_checksum(&covered);
  if (options & AP_OPTS_MUTUAL_REQUIRED) {
    check(krb5_mk_rep(ctx, ac, &out));
    put("rep", &out);
  }
}

static void initiate(char *service, const char *flags, const char *hex) {
  krb5_creds want, creds;
  krb5_data out, covered = from_hex(hex ? hex : ""), came;
  krb5_ap_rep_enc_part *part = NULL;
  krb5_flags options = 0;
  if (strchr(flags, 'm')) options |= AP_OPTS_MUTUAL_REQUIRED;
  if (strchr(flags, 's')) options |= AP_OPTS_USE_SUBKEY;
#ifndef HEIMDAL
  if (strchr(flags, 'e')) options |= AP_OPTS_ETYPE_NEGOTIATION;
#endif
  if (strchr(flags, 'v')) options |= AP_OPTS_USE_SESSION_KEY;
  if (strchr(flags, 'x') || strchr(flags, 'v')) {
    memset(&want, 0, sizeof want);
    want.client = client;
    want.server = server;
    check(krb5_cc_retrieve_cred(ctx, cache, 0, &want, &creds));
    check(krb5_mk_req_extended(ctx, &ac, options, hex ? &covered : NULL, &creds, &out));
  } else {
    char *host = strchr(service, '/');
    if (host == NULL) exit(2);
    *host++ = '\0';
    check(krb5_mk_req(ctx, &ac, options, service, host, hex ? &covered : NULL, cache, &out));
  }
  put("req", &out);
  if (!strchr(flags, 'm')) return;
  came = from_hex(read_word("rep"));
  check(krb5_rd_rep(ctx, ac, &came, &part));
}

static void protect(int is_safe, const char *hex) {
  krb5_data in = from_hex(hex), out;
  krb5_replay_data replay;
  memset(&replay, 0, sizeof replay);
  if (failed(is_safe ? krb5_mk_safe(ctx, ac, &in, &out, &replay) : krb5_mk_priv(ctx, ac, &in, &out, &replay))) return;
  put(is_safe ? "safe" : "priv", &out);
}
static void open_one(int is_safe, const char *hex) {
  krb5_data in = from_hex(hex), out;
  krb5_replay_data replay;
  memset(&replay, 0, sizeof replay);
  if (failed(is_safe ? krb5_rd_safe(ctx, ac, &in, &out, &replay) : krb5_rd_priv(ctx, ac, &in, &out, &replay))) return;
  put("data", &out);
}

/* A request to the KDC goes to whoever reads our lines. */
static void ask_kdc(const krb5_data *request, krb5_data *answer) {
  put("kdc", request);
  *answer = from_hex(read_word("kdc"));
}
#ifdef HEIMDAL
static krb5_error_code begin(krb5_context c, void **data) {
  (void)c;
  *data = NULL;
  return 0;
}
static void end(void *data) { (void)data; }
static krb5_error_code to_realm(krb5_context c, void *data, krb5_const_realm realm, time_t timeout,
                                const krb5_data *request, krb5_data *answer) {
  (void)c, (void)data, (void)realm, (void)timeout;
  ask_kdc(request, answer);
  return 0;
}
static krb5plugin_send_to_kdc_ftable hook = {KRB5_PLUGIN_SEND_TO_KDC_VERSION_2, begin, end, NULL, to_realm};
static void set_hook(void) { check(krb5_plugin_register(ctx, PLUGIN_TYPE_DATA, KRB5_PLUGIN_SEND_TO_KDC, &hook)); }
static void make_cred(void) { printf("failed 0 Heimdal makes no KRB-CRED of a ticket that it has\n"); }
#else
static krb5_error_code to_realm(krb5_context c, void *data, const krb5_data *realm, const krb5_data *request,
                                krb5_data **other_request, krb5_data **answer) {
  (void)c, (void)data, (void)realm;
  *other_request = NULL;
  *answer = malloc(sizeof **answer);
  if (*answer == NULL) exit(1);
  ask_kdc(request, *answer);
  return 0;
}
static void set_hook(void) { krb5_set_kdc_send_hook(ctx, to_realm, NULL); }
static void make_cred(void) {
  krb5_creds creds[8], *list[9] = {NULL};
  krb5_cc_cursor cursor;
  krb5_data *out = NULL;
  krb5_replay_data replay;
  size_t n = 0;
  if (failed(krb5_cc_start_seq_get(ctx, cache, &cursor))) return;
  while (n != 8 && krb5_cc_next_cred(ctx, cache, &cursor, &creds[n]) == 0) {
    list[n] = &creds[n];
    ++n;
  }
  memset(&replay, 0, sizeof replay);
  if (failed(n == 1 ? krb5_mk_1cred(ctx, ac, list[0], &out, &replay)
                    : krb5_mk_ncred(ctx, ac, list, &out, &replay)))
    return;
  put("cred", out);
}
#endif
static void forward(void) {
  krb5_data out;
  if (failed(krb5_fwd_tgt_creds(ctx, ac, "localhost", client, server, cache, 1, &out))) return;
  put("cred", &out);
}
static void put_name(krb5_principal p) {
  char *name = NULL;
  if (p != NULL) check(krb5_unparse_name(ctx, p, &name));
  printf(" %s", name ? name : "-");
}
static void open_cred(const char *hex) {
  krb5_data in = from_hex(hex);
  krb5_creds **creds = NULL;
  krb5_replay_data replay;
  int n = 0;
  memset(&replay, 0, sizeof replay);
  if (failed(krb5_rd_cred(ctx, ac, &in, &creds, &replay))) return;
  while (creds[n] != NULL) ++n;
  printf("creds %d\n", n);
  for (int i = 0; i != n; ++i) {
    const krb5_creds *c = creds[i];
    printf("cred");
    put_name(c->client);
    put_name(c->server);
    printf(" %d ", KEY_TYPE(SESSION_KEY(c)));
    put_hex(KEY_OCTETS(SESSION_KEY(c)), KEY_LENGTH(SESSION_KEY(c)));
    printf(" %08x %ld %ld %ld %ld ", TICKET_FLAGS(c), (long)c->times.authtime, (long)c->times.starttime,
           (long)c->times.endtime, (long)c->times.renew_till);
    put_hex(c->ticket.data, c->ticket.length);
    printf("\n");
  }
}

static krb5_address *address_of(char *text) {
  krb5_address *a;
  krb5_data octets;
  char *hex = text != NULL ? strchr(text, '/') : NULL;
  if (hex == NULL) return NULL;
  octets = from_hex(hex + 1);
  a = calloc(1, sizeof *a);
  if (a == NULL) exit(1);
#ifdef HEIMDAL
  a->addr_type = atoi(text);
  a->address = octets;
#else
  a->addrtype = atoi(text);
  a->length = octets.length;
  a->contents = (krb5_octet *)octets.data;
#endif
  return a;
}
static void set_addresses(char *text) {
  krb5_address *local = address_of(strtok(text, " \n")), *remote = address_of(strtok(NULL, " \n"));
  if (!failed(krb5_auth_con_setaddrs(ctx, ac, local, remote))) printf("set\n");
}
static void set_count(const char *text) {
#ifdef HEIMDAL
  unsigned local = 0, remote = 0;
  sscanf(text, "%u %u", &local, &remote);
  check(krb5_auth_con_setlocalseqnumber(ctx, ac, (int32_t)local));
  check(krb5_auth_con_setremoteseqnumber(ctx, ac, (int32_t)remote));
  printf("set\n");
#else
  (void)text;
  printf("failed 0 MIT's library does not let itself be told\n");
#endif
}

static void obey(void) {
  char none[1] = "", *rest = strchr(line, ' ');
  line[strcspn(line, "\n")] = '\0';
  if (rest != NULL) *rest++ = '\0';
  if (rest == NULL) rest = none;
  if (strcmp(line, "safe") == 0 || strcmp(line, "priv") == 0) {
    protect(line[0] == 's', rest);
  } else if (strcmp(line, "rd_safe") == 0 || strcmp(line, "rd_priv") == 0) {
    open_one(line[3] == 's', rest);
  } else if (strcmp(line, "rd_cred") == 0) {
    open_cred(rest);
  } else if (strcmp(line, "cred") == 0) {
    make_cred();
  } else if (strcmp(line, "forward") == 0) {
    forward();
  } else if (strcmp(line, "addresses") == 0) {
    set_addresses(rest);
  } else if (strcmp(line, "count") == 0) {
    set_count(rest);
  } else if (strcmp(line, "flags") == 0) {
    check(krb5_auth_con_setflags(ctx, ac, flags_of(rest)));
    printf("set\n");
  } else {
    exit(2);
  }
}

int main(int argc, char **argv) {
  const char *covered = argc == 6 ? argv[5] : NULL;
  if (argc != 5 && argc != 6) return 2;
  if (krb5_init_context(&ctx) != 0) return 1;
  check(krb5_parse_name(ctx, argv[3], &server));
  check(krb5_auth_con_init(ctx, &ac));
  check(krb5_auth_con_setflags(ctx, ac, flags_of(argv[4])));
  if (strcmp(argv[1], "accept") == 0) {
    accept_one(argv[2], argv[4], covered);
  } else if (strcmp(argv[1], "initiate") == 0) {
    check(krb5_cc_resolve(ctx, argv[2], &cache));
    check(krb5_cc_get_principal(ctx, cache, &client));
    set_hook();
    initiate(argv[3], argv[4], covered);
  } else {
    return 2;
  }
  tell_state();
  while (fflush(stdout), fgets(line, sizeof line, stdin) != NULL) obey();
  finish();
}
