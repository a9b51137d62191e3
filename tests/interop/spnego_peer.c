/* MIT's or Heimdal's SPNEGO as the other side of a negotiation. It talks in lines: words, and octets in hexadecimal.
 *
 *   spnego_peer initiate CACHE SERVICE FLAGS   SERVICE is SERVICE@HOST; FLAGS: m mutual authentication, D DCE style
 *   spnego_peer accept KEYTAB
 *
 * Each token is written as `token HEX`, and read as `token HEX` or `none`. A negotiation that fails writes `major
 * NUMBER TEXT`. One that succeeds writes `mech`, the last octet of the mechanism's identifier, and `client NAME`; then
 * `wrapped HEX`, a message, reads `token HEX` and writes `plain HEX`, what is in it; and `over`.
 */
#ifndef HEIMDAL
#include <gssapi/gssapi_ext.h>
#endif
#include <gssapi/gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char line[400000];
static gss_OID_desc spnego = {6, "\x2b\x06\x01\x05\x05\x02"};

static void finish(void) {
  fflush(stdout);
  exit(0);
}
static void put(const char* word, const gss_buffer_desc* t) {
  printf("%s ", word);
  for (size_t i = 0; i != t->length; ++i) printf("%02x", ((const unsigned char*)t->value)[i]);
  printf("\n");
  fflush(stdout);
}
static gss_buffer_desc read_token(void) {
  gss_buffer_desc d;
  unsigned octet = 0;
  const char* hex = line + 6;
  if (fgets(line, sizeof line, stdin) == NULL) exit(1);
  if (strncmp(line, "token ", 6) != 0) hex = "";
  d.length = strspn(hex, "0123456789abcdef") / 2;
  d.value = malloc(d.length + 1);
  if (d.value == NULL) exit(1);
  for (size_t i = 0; i != d.length; ++i) {
    sscanf(hex + 2 * i, "%2x", &octet);
    ((unsigned char*)d.value)[i] = (unsigned char)octet;
  }
  return d;
}
static void must(OM_uint32 major, OM_uint32 minor) {
  OM_uint32 ignored, more = 0;
  gss_buffer_desc text = {0, NULL};
  if (!GSS_ERROR(major)) return;
  (void)gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &text);
  printf("major %u %.*s\n", (unsigned)(GSS_ROUTINE_ERROR(major) >> 16), (int)text.length, (const char*)text.value);
  finish();
}
static void talk(gss_ctx_id_t c) {
  OM_uint32 minor, major;
  gss_name_t client;
  gss_OID mech;
  gss_buffer_desc text, in, out, hello = {5, "hello"};
  major = gss_inquire_context(&minor, c, &client, NULL, NULL, &mech, NULL, NULL, NULL);
  must(major, minor);
  printf("mech %u\n", (unsigned)((const unsigned char*)mech->elements)[mech->length - 1]);
  major = gss_display_name(&minor, client, &text, NULL);
  must(major, minor);
  printf("client %.*s\n", (int)text.length, (const char*)text.value);
  major = gss_wrap(&minor, c, 1, GSS_C_QOP_DEFAULT, &hello, NULL, &out);
  must(major, minor);
  put("wrapped", &out);
  in = read_token();
  major = gss_unwrap(&minor, c, &in, &out, NULL, NULL);
  must(major, minor);
  put("plain", &out);
}
static void initiate(const char* service, const char* letters) {
  OM_uint32 minor, major, flags = GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
  gss_ctx_id_t c = GSS_C_NO_CONTEXT;
  gss_buffer_desc text, in = {0, NULL}, out;
  gss_name_t name;
  text.value = (void*)service;
  text.length = strlen(service);
  major = gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name);
  must(major, minor);
  if (strchr(letters, 'm')) flags |= GSS_C_MUTUAL_FLAG;
  if (strchr(letters, 'D')) flags |= GSS_C_DCE_STYLE | GSS_C_MUTUAL_FLAG;
  do {
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &c, name, &spnego, flags, 0, GSS_C_NO_CHANNEL_BINDINGS,
                                 &in, NULL, &out, NULL, NULL);
    if (out.length != 0) put("token", &out);
    must(major, minor);
    if (major == GSS_S_CONTINUE_NEEDED) in = read_token();
  } while (major == GSS_S_CONTINUE_NEEDED);
  talk(c);
}
static void accept_one(void) {
  OM_uint32 minor, major;
  gss_ctx_id_t c = GSS_C_NO_CONTEXT;
  gss_buffer_desc in, out;
  do {
    in = read_token();
    major = gss_accept_sec_context(&minor, &c, GSS_C_NO_CREDENTIAL, &in, GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &out,
                                   NULL, NULL, NULL);
    if (out.length != 0) put("token", &out);
    else printf("none \n");
    fflush(stdout);
    must(major, minor);
  } while (major == GSS_S_CONTINUE_NEEDED);
  talk(c);
}

int main(int argc, char** argv) {
  if (argc == 5 && strcmp(argv[1], "initiate") == 0) {
    setenv("KRB5CCNAME", argv[2], 1);
    initiate(argv[3], argv[4]);
  } else if (argc == 3 && strcmp(argv[1], "accept") == 0) {
    setenv("KRB5_KTNAME", argv[2], 1);
    accept_one();
  } else {
    return 2;
  }
  printf("over\n");
  finish();
}
