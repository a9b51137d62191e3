/* GSS-API of a peer, the same for both: its module includes this after peer.h, krb5.h and its GSS-API headers. */
#ifndef KERB_BENCH_PEER_GSS_H
#define KERB_BENCH_PEER_GSS_H

/* A client and a service of the same library, and a context between them. */
struct peer_gss {
  gss_cred_id_t client, service;
  gss_name_t target;
  gss_ctx_id_t initiator, acceptor;
  gss_buffer_desc out;
};

static gss_buffer_desc gss_octets(struct peer_octets o) {
  gss_buffer_desc b;
  b.length = o.size;
  b.value = (void *)(size_t)o.data;
  return b;
}
static int gss_failed(OM_uint32 major, OM_uint32 minor) {
  return GSS_ERROR(major) ? (minor != 0 ? (int)minor : (int)(major >> 16)) : 0;
}

static void gss_forget(struct peer_gss *g) {
  OM_uint32 minor;
  (void)gss_delete_sec_context(&minor, &g->initiator, GSS_C_NO_BUFFER);
  (void)gss_delete_sec_context(&minor, &g->acceptor, GSS_C_NO_BUFFER);
}
static void gss_end(struct peer_gss *g) {
  OM_uint32 minor;
  gss_forget(g);
  (void)gss_release_cred(&minor, &g->client);
  (void)gss_release_cred(&minor, &g->service);
  (void)gss_release_name(&minor, &g->target);
  (void)gss_release_buffer(&minor, &g->out);
}

/* Credentials from a cache with the ticket in it, and from the keytab. */
static int gss_begin(struct peer_gss *g, krb5_ccache cache, krb5_principal server, krb5_keytab keytab,
                     const char *service, gss_OID name_type) {
  OM_uint32 minor, major = gss_krb5_import_cred(&minor, cache, NULL, NULL, &g->client);
  struct peer_octets text = {(const unsigned char *)service, strlen(service)};
  gss_buffer_desc name = gss_octets(text);
  if (!GSS_ERROR(major)) major = gss_krb5_import_cred(&minor, NULL, server, keytab, &g->service);
  if (!GSS_ERROR(major)) major = gss_import_name(&minor, &name, name_type, &g->target);
  return gss_failed(major, minor);
}

/* Accepts a client's first token; `answer` is what comes back. The context is kept if `keep`. */
static int gss_take(struct peer_gss *g, gss_buffer_t token, int keep, gss_buffer_t answer) {
  OM_uint32 minor, ignored, major;
  (void)gss_delete_sec_context(&ignored, &g->acceptor, GSS_C_NO_BUFFER);
  major = gss_accept_sec_context(&minor, &g->acceptor, g->service, token, GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, answer,
                                 NULL, NULL, NULL);
  if (!keep) (void)gss_delete_sec_context(&ignored, &g->acceptor, GSS_C_NO_BUFFER);
  return gss_failed(major, minor);
}
/* Both sides, from the first token to a context on each. */
static int gss_meet(struct peer_gss *g, gss_OID mech) {
  const OM_uint32 flags = GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
  gss_buffer_desc first = GSS_C_EMPTY_BUFFER, answer = GSS_C_EMPTY_BUFFER, none = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor, ignored, major;
  int why;
  gss_forget(g);
  major = gss_init_sec_context(&minor, g->client, &g->initiator, g->target, mech, flags, 0, GSS_C_NO_CHANNEL_BINDINGS,
                               GSS_C_NO_BUFFER, NULL, &first, NULL, NULL);
  why = gss_failed(major, minor);
  if (why == 0) why = gss_take(g, &first, 1, &answer);
  if (why == 0) {
    major = gss_init_sec_context(&minor, g->client, &g->initiator, g->target, mech, flags, 0, GSS_C_NO_CHANNEL_BINDINGS,
                                 &answer, NULL, &none, NULL, NULL);
    why = gss_failed(major, minor);
    if (why == 0 && major != GSS_S_COMPLETE) why = -1;
  }
  (void)gss_release_buffer(&ignored, &first);
  (void)gss_release_buffer(&ignored, &answer);
  (void)gss_release_buffer(&ignored, &none);
  return why;
}

static int gss_one_accept(struct peer_gss *g, struct peer_octets token) {
  gss_buffer_desc in = gss_octets(token), answer = GSS_C_EMPTY_BUFFER;
  OM_uint32 ignored;
  const int why = gss_take(g, &in, 0, &answer);
  (void)gss_release_buffer(&ignored, &answer);
  return why;
}
static int gss_one_wrap(struct peer_gss *g, int conf, struct peer_octets plain, struct peer_octets *token) {
  gss_buffer_desc in = gss_octets(plain);
  OM_uint32 minor, ignored, major;
  (void)gss_release_buffer(&ignored, &g->out);
  major = gss_wrap(&minor, g->initiator, conf, GSS_C_QOP_DEFAULT, &in, NULL, &g->out);
  token->data = g->out.value;
  token->size = g->out.length;
  return gss_failed(major, minor);
}
static int gss_one_unwrap(struct peer_gss *g, struct peer_octets token, size_t *size) {
  gss_buffer_desc in = gss_octets(token), plain = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor, ignored, major = gss_unwrap(&minor, g->acceptor, &in, &plain, NULL, NULL);
  *size = plain.length;
  (void)gss_release_buffer(&ignored, &plain);
  return gss_failed(major, minor);
}

#endif
