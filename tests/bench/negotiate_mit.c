/* A minimal server of HTTP's Negotiate on MIT krb5: negotiate_mit, with the keytab in $KRB5_KTNAME. */
#include <gssapi/gssapi.h>
#include <stdlib.h>

#include "negotiate_http.h"

struct server {
  gss_cred_id_t credential;
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t from_base64(const char* in, size_t size, unsigned char* out) {
  static signed char values[256];
  unsigned long bits = 0;
  size_t i, n = 0;
  int held = 0;
  if (values['B'] == 0) {
    memset(values, -1, sizeof values);
    for (i = 0; i != 64; ++i) values[(unsigned char)digits[i]] = (signed char)i;
  }
  for (i = 0; i != size && values[(unsigned char)in[i]] >= 0; ++i) {
    bits = bits << 6 | (unsigned long)values[(unsigned char)in[i]];
    if ((held += 6) < 8) continue;
    held -= 8;
    out[n++] = (unsigned char)(bits >> held);
  }
  return n;
}
static void to_base64(const unsigned char* in, size_t size, char* out) {
  size_t i;
  for (i = 0; i < size; i += 3) {
    const unsigned long bits = (unsigned long)in[i] << 16 | (i + 1 < size ? (unsigned long)in[i + 1] << 8 : 0) |
                               (i + 2 < size ? in[i + 2] : 0);
    *out++ = digits[bits >> 18 & 63];
    *out++ = digits[bits >> 12 & 63];
    *out++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
    *out++ = i + 2 < size ? digits[bits & 63] : '=';
  }
  *out = 0;
}

static void negotiate_answer(struct server* s, const char* value, size_t size, struct negotiate_response* r) {
  static unsigned char octets[49152];
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_name_t client = GSS_C_NO_NAME;
  gss_buffer_desc in = {0, octets}, out = GSS_C_EMPTY_BUFFER, name = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor, major;
  r->status = 401;
  strcpy(r->field, "Negotiate");
  if (size < 10 || strncasecmp(value, "Negotiate ", 10) != 0 || size > 65536) return;
  in.length = from_base64(value + 10, size - 10, octets);
  major = gss_accept_sec_context(&minor, &context, s->credential, &in, GSS_C_NO_CHANNEL_BINDINGS, &client, NULL, &out,
                                 NULL, NULL, NULL);
  if (out.length != 0 && out.length < 3000) {
    strcat(r->field, " ");
    to_base64(out.value, out.length, r->field + strlen(r->field));
  }
  if (major == GSS_S_COMPLETE && gss_display_name(&minor, client, &name, NULL) == GSS_S_COMPLETE) {
    r->status = 200;
    snprintf(r->client, sizeof r->client, "%.*s", (int)name.length, (const char*)name.value);
  }
  (void)gss_release_buffer(&minor, &name);
  (void)gss_release_buffer(&minor, &out);
  (void)gss_release_name(&minor, &client);
  (void)gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
}

int main(void) {
  struct server s = {GSS_C_NO_CREDENTIAL};
  OM_uint32 minor;
  if (GSS_ERROR(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT, &s.credential,
                                 NULL, NULL))) {
    fprintf(stderr, "negotiate_mit: no credential\n");
    return 1;
  }
  return negotiate_serve(&s);
}
