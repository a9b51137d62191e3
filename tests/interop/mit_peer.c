/* MIT's library as the other side of an exchange. It talks in lines: words, and octets in hexadecimal.
 *
 *   mit_peer keys KEYTAB SERVICE                the service's keys: key ETYPE KVNO HEX
 *   mit_peer accept KEYTAB SERVICE [s]          reads an AP-REQ and, if any, what its checksum covers; with s it answers
 *                                               with a subkey of its own
 *   mit_peer initiate CLIENT PASSWORD SERVICE FLAGS [HEX]
 *                                               writes an AP-REQ, reads `rep HEX` or `error HEX`; FLAGS: m mutual,
 *                                               s subkey, e list of subkey types; HEX: what its checksum covers
 *   mit_peer through CCACHE SERVICE KEYTAB [TYPE HEX]
 *                                               gets a ticket, with that authorization data if any, and has it accepted;
 *                                               tells what the ticket says
 *   mit_peer forward CCACHE SERVICE KEYTAB      the same, and forwards the ticket-granting ticket through that session;
 *                                               uses what arrives
 */
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static krb5_context ctx;
static char line[200000];

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
  printf("\n");
}
static void put_key(const char *word, const krb5_keyblock *k) {
  if (k == NULL) return;
  printf("%s %d ", word, (int)k->enctype);
  put_hex(k->contents, k->length);
}
static krb5_data from_hex(const char *hex) {
  krb5_data d;
  size_t n = strspn(hex, "0123456789abcdef") / 2;
  unsigned octet = 0;
  memset(&d, 0, sizeof d);
  d.length = (unsigned)n;
  d.data = malloc(n + 1);
  if (d.data == NULL) exit(1);
  for (size_t i = 0; i != n; ++i) {
    sscanf(hex + 2 * i, "%2x", &octet);
    d.data[i] = (char)octet;
  }
  return d;
}
static int read_line(void) { return fgets(line, sizeof line, stdin) != NULL; }

static void keys(const char *keytab, const char *service) {
  krb5_keytab kt;
  krb5_kt_cursor cursor;
  krb5_keytab_entry entry;
  krb5_principal p;
  check(krb5_kt_resolve(ctx, keytab, &kt), "kt_resolve");
  check(krb5_parse_name(ctx, service, &p), "parse_name");
  check(krb5_kt_start_seq_get(ctx, kt, &cursor), "kt_start_seq_get");
  while (krb5_kt_next_entry(ctx, kt, &entry, &cursor) == 0) {
    if (!krb5_principal_compare(ctx, p, entry.principal)) continue;
    printf("key %d %u ", (int)entry.key.enctype, (unsigned)entry.vno);
    put_hex(entry.key.contents, entry.key.length);
  }
}

static void say_no(krb5_error_code why, krb5_principal server) {
  krb5_error e;
  krb5_data out;
  printf("refused %ld %s\n", (long)(why - ERROR_TABLE_BASE_krb5), krb5_get_error_message(ctx, why));
  memset(&e, 0, sizeof e);
  check(krb5_us_timeofday(ctx, &e.stime, &e.susec), "timeofday");
  e.error = (krb5_ui_4)(why - ERROR_TABLE_BASE_krb5);
  e.server = server;
  check(krb5_mk_error(ctx, &e, &out), "mk_error");
  printf("krb_error ");
  put_hex(out.data, out.length);
  finish();
}

static void say_checksum(krb5_auth_context ac, const krb5_keyblock *key, const krb5_data *data) {
  krb5_authenticator *a = NULL;
  krb5_boolean valid = FALSE;
  check(krb5_auth_con_getauthenticator(ctx, ac, &a), "getauthenticator");
  if (a->checksum == NULL) {
    printf("checksum none\n");
    return;
  }
  check(krb5_c_verify_checksum(ctx, key, KRB5_KEYUSAGE_AP_REQ_AUTH_CKSUM, data, a->checksum, &valid), "verify_checksum");
  printf("checksum %s\n", valid ? "good" : "bad");
}

static void accept_one(const char *keytab, const char *service, int own_subkey) {
  krb5_keytab kt;
  krb5_principal server;
  krb5_auth_context ac = NULL;
  krb5_flags options = 0;
  krb5_ticket *ticket = NULL;
  krb5_keyblock *key = NULL, *subkey = NULL;
  krb5_data req, out, covered;
  krb5_int32 seq = 0;
  krb5_error_code e;
  char *name = NULL;
  check(krb5_kt_resolve(ctx, keytab, &kt), "kt_resolve");
  check(krb5_parse_name(ctx, service, &server), "parse_name");
  if (!read_line()) exit(1);
  req = from_hex(line);
  if (!read_line()) exit(1);
  covered = from_hex(line);
  check(krb5_auth_con_init(ctx, &ac), "auth_con_init");
  check(krb5_auth_con_setflags(ctx, ac, KRB5_AUTH_CONTEXT_DO_SEQUENCE | (own_subkey ? KRB5_AUTH_CONTEXT_USE_SUBKEY : 0)),
        "setflags");
  e = krb5_rd_req(ctx, &ac, &req, server, kt, &options, &ticket);
  if (e != 0) say_no(e, server);
  check(krb5_unparse_name(ctx, ticket->enc_part2->client, &name), "unparse_name");
  printf("client %s\n", name);
  printf("mutual %d\n", (options & AP_OPTS_MUTUAL_REQUIRED) != 0);
  check(krb5_auth_con_getkey(ctx, ac, &key), "getkey");
  put_key("session", key);
  check(krb5_auth_con_getrecvsubkey(ctx, ac, &subkey), "getrecvsubkey");
  put_key("initiator_subkey", subkey);
  check(krb5_auth_con_getremoteseqnumber(ctx, ac, &seq), "getremoteseq");
  printf("initiator_seq %u\n", (unsigned)seq);
  say_checksum(ac, key, &covered);
  if (options & AP_OPTS_MUTUAL_REQUIRED) {
    check(krb5_mk_rep(ctx, ac, &out), "mk_rep");
    printf("rep ");
    put_hex(out.data, out.length);
    subkey = NULL;
    check(krb5_auth_con_getsendsubkey(ctx, ac, &subkey), "getsendsubkey");
    if (own_subkey) put_key("acceptor_subkey", subkey);
    check(krb5_auth_con_getlocalseqnumber(ctx, ac, &seq), "getlocalseq");
    printf("acceptor_seq %u\n", (unsigned)seq);
  }
  printf("over\n");
}

static void initiate(const char *client, const char *password, const char *service, const char *flags,
                     const char *covered_hex) {
  krb5_principal c, s;
  krb5_creds tgt, want, *creds = NULL;
  krb5_ccache cc;
  krb5_auth_context ac = NULL;
  krb5_keyblock *subkey = NULL;
  krb5_data out, covered = from_hex(covered_hex ? covered_hex : ""), came;
  krb5_int32 seq = 0;
  krb5_flags options = 0;
  if (strchr(flags, 'm')) options |= AP_OPTS_MUTUAL_REQUIRED;
  if (strchr(flags, 's')) options |= AP_OPTS_USE_SUBKEY;
  if (strchr(flags, 'e')) options |= AP_OPTS_ETYPE_NEGOTIATION;
  memset(&tgt, 0, sizeof tgt);
  memset(&want, 0, sizeof want);
  check(krb5_parse_name(ctx, client, &c), "parse_name");
  check(krb5_parse_name(ctx, service, &s), "parse_name");
  check(krb5_get_init_creds_password(ctx, &tgt, c, password, NULL, NULL, 0, NULL, NULL), "get_init_creds");
  check(krb5_cc_new_unique(ctx, "MEMORY", NULL, &cc), "cc_new_unique");
  check(krb5_cc_initialize(ctx, cc, c), "cc_initialize");
  check(krb5_cc_store_cred(ctx, cc, &tgt), "cc_store_cred");
  want.client = c;
  want.server = s;
  check(krb5_get_credentials(ctx, 0, cc, &want, &creds), "get_credentials");
  check(krb5_auth_con_init(ctx, &ac), "auth_con_init");
  check(krb5_auth_con_setflags(ctx, ac, KRB5_AUTH_CONTEXT_DO_SEQUENCE), "setflags");
  check(krb5_mk_req_extended(ctx, &ac, options, covered_hex ? &covered : NULL, creds, &out), "mk_req_extended");
  put_key("session", &creds->keyblock);
  check(krb5_auth_con_getsendsubkey(ctx, ac, &subkey), "getsendsubkey");
  put_key("initiator_subkey", subkey);
  check(krb5_auth_con_getlocalseqnumber(ctx, ac, &seq), "getlocalseq");
  printf("initiator_seq %u\n", (unsigned)seq);
  printf("req ");
  put_hex(out.data, out.length);
  fflush(stdout);
  if (!read_line()) finish();
  if (strncmp(line, "error ", 6) == 0) {
    krb5_error *e = NULL;
    char *name = NULL;
    came = from_hex(line + 6);
    check(krb5_rd_error(ctx, &came, &e), "rd_error");
    check(krb5_unparse_name(ctx, e->server, &name), "unparse_name");
    printf("error %u %s\n", (unsigned)e->error, name);
  } else if (strncmp(line, "rep ", 4) == 0) {
    krb5_ap_rep_enc_part *part = NULL;
    came = from_hex(line + 4);
    check(krb5_rd_rep(ctx, ac, &came, &part), "rd_rep");
    put_key("acceptor_subkey", part->subkey);
    printf("acceptor_seq %u\n", (unsigned)part->seq_number);
  }
  printf("over\n");
}

static void put_authdata(krb5_authdata *const *list, int depth) {
  krb5_authdata **inside = NULL;
  for (; list != NULL && *list != NULL; ++list) {
    if ((*list)->ad_type == KRB5_AUTHDATA_IF_RELEVANT && depth != 0) {
      if (krb5_decode_authdata_container(ctx, KRB5_AUTHDATA_IF_RELEVANT, *list, &inside) == 0)
        put_authdata(inside, depth - 1);
      continue;
    }
    printf("authdata%d ", (int)(*list)->ad_type);
    put_hex((*list)->contents, (*list)->length);
  }
}

/* A session with a service, both ends of it here; what the ticket says is told. */
static krb5_creds *session(krb5_ccache cc, const char *service, const char *keytab, const char *type, const char *hex,
                           krb5_auth_context *ours, krb5_auth_context *theirs) {
  krb5_creds want, *creds = NULL;
  krb5_keytab kt;
  krb5_ticket *ticket = NULL;
  krb5_authdata data, *list[2] = {&data, NULL};
  krb5_data req, octets;
  char *name = NULL;
  memset(&want, 0, sizeof want);
  check(krb5_cc_get_principal(ctx, cc, &want.client), "cc_get_principal");
  check(krb5_parse_name(ctx, service, &want.server), "parse_name");
  if (type != NULL) {
    octets = from_hex(hex);
    memset(&data, 0, sizeof data);
    data.ad_type = atoi(type);
    data.length = octets.length;
    data.contents = (krb5_octet *)octets.data;
    want.authdata = list;
  }
  check(krb5_get_credentials(ctx, 0, cc, &want, &creds), "get_credentials");
  check(krb5_auth_con_init(ctx, ours), "auth_con_init");
  check(krb5_auth_con_init(ctx, theirs), "auth_con_init");
  check(krb5_auth_con_setflags(ctx, *ours, 0), "setflags");
  check(krb5_auth_con_setflags(ctx, *theirs, 0), "setflags");
  check(krb5_mk_req_extended(ctx, ours, AP_OPTS_USE_SUBKEY, NULL, creds, &req), "mk_req_extended");
  check(krb5_kt_resolve(ctx, keytab, &kt), "kt_resolve");
  check(krb5_rd_req(ctx, theirs, &req, want.server, kt, NULL, &ticket), "rd_req");
  check(krb5_unparse_name(ctx, ticket->enc_part2->client, &name), "unparse_name");
  printf("client %s\n", name);
  printf("ticket_etype %d\n", (int)ticket->enc_part.enctype);
  printf("transited %.*s\n", (int)ticket->enc_part2->transited.tr_contents.length,
         ticket->enc_part2->transited.tr_contents.length == 0 ? "" : ticket->enc_part2->transited.tr_contents.data);
  printf("transited_checked %d\n", (ticket->enc_part2->flags & TKT_FLG_TRANSIT_POLICY_CHECKED) != 0);
  put_authdata(ticket->enc_part2->authorization_data, 2);
  return creds;
}
static krb5_ccache cache(const char *name) {
  krb5_ccache cc;
  check(krb5_cc_resolve(ctx, name, &cc), "cc_resolve");
  return cc;
}
static void through(const char *cc, const char *service, const char *keytab, const char *type, const char *hex) {
  krb5_auth_context ours = NULL, theirs = NULL;
  session(cache(cc), service, keytab, type, hex, &ours, &theirs);
  printf("over\n");
}
static void forward(const char *from, const char *service, const char *keytab) {
  krb5_auth_context ours = NULL, theirs = NULL;
  krb5_ccache cc = cache(from), there;
  krb5_creds want, *creds = session(cc, service, keytab, NULL, NULL, &ours, &theirs), **came = NULL, *used = NULL;
  krb5_data cred;
  char *name = NULL;
  memset(&want, 0, sizeof want);
  check(krb5_fwd_tgt_creds(ctx, ours, "localhost", creds->client, creds->server, cc, 1, &cred), "fwd_tgt_creds");
  check(krb5_rd_cred(ctx, theirs, &cred, &came, NULL), "rd_cred");
  check(krb5_unparse_name(ctx, came[0]->server, &name), "unparse_name");
  printf("forwarded %s\n", name);
  printf("flag_forwarded %d\n", (came[0]->ticket_flags & TKT_FLG_FORWARDED) != 0);
  printf("flag_forwardable %d\n", (came[0]->ticket_flags & TKT_FLG_FORWARDABLE) != 0);
  check(krb5_cc_new_unique(ctx, "MEMORY", NULL, &there), "cc_new_unique");
  check(krb5_cc_initialize(ctx, there, came[0]->client), "cc_initialize");
  check(krb5_cc_store_cred(ctx, there, came[0]), "cc_store_cred");
  want.client = came[0]->client;
  want.server = creds->server;
  check(krb5_get_credentials(ctx, 0, there, &want, &used), "get_credentials");
  printf("used_forwarded %d\n", (used->ticket_flags & TKT_FLG_FORWARDED) != 0);
  printf("over\n");
}

int main(int argc, char **argv) {
  if (krb5_init_context(&ctx) != 0) return 1;
  if (argc == 4 && strcmp(argv[1], "keys") == 0) {
    keys(argv[2], argv[3]);
  } else if ((argc == 4 || argc == 5) && strcmp(argv[1], "accept") == 0) {
    accept_one(argv[2], argv[3], argc == 5);
  } else if ((argc == 6 || argc == 7) && strcmp(argv[1], "initiate") == 0) {
    initiate(argv[2], argv[3], argv[4], argv[5], argc == 7 ? argv[6] : NULL);
  } else if ((argc == 5 || argc == 7) && strcmp(argv[1], "through") == 0) {
    through(argv[2], argv[3], argv[4], argc == 7 ? argv[5] : NULL, argc == 7 ? argv[6] : NULL);
  } else if (argc == 5 && strcmp(argv[1], "forward") == 0) {
    forward(argv[2], argv[3], argv[4]);
  } else {
    return 2;
  }
  finish();
}
