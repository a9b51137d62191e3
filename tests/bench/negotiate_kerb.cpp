// A minimal server of HTTP's Negotiate on kerb: negotiate_kerb KEYTAB
#include <sys/time.h>

#include <fstream>
#include <iterator>
#include <kerb/botan.hpp>
#include <memory>
#include <vector>

#include "negotiate_http.h"

using policy = kerb::botan::policy;

struct server {
  explicit server(std::vector<std::uint8_t> octets) : file(std::move(octets)) {
    if (const auto opened = kerb::keytab_view::open(file)) keys.emplace(*opened, crypto);
  }
  std::vector<std::uint8_t> file;
  policy crypto;
  std::optional<kerb::keytab_keys<policy>> keys;
  kerb::memory_replay_cache<65536> seen;
  std::array<std::uint8_t, 80000> buffer, token;
};

static kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

static void negotiate_answer(server* s, const char* value, size_t size, negotiate_response* r) {
  kerb::botan::gss::negotiate_acceptor acceptor({.krb5 = {.ap = {.buffer = s->buffer}}});
  std::array<char, 4000> field;
  const auto a = kerb::gss::accept_http(acceptor, {value, size}, s->token, field, s->crypto, *s->keys, s->seen, now());
  r->status = a.status;
  r->field[a.www_authenticate.copy(r->field, sizeof r->field - 1)] = 0;
  if (!a.authenticated()) return;
  const auto product = std::move(acceptor).take();
  if (!product || !product->kerberos) return void(r->status = 500);
  std::array<char, 255> buffer;
  const auto name = kerb::to_text(product->kerberos->initiator(), buffer);
  r->client[name ? name->copy(r->client, sizeof r->client - 1) : 0] = 0;
}

int main(int argc, char** argv) {
  std::ifstream in(argc == 2 ? argv[1] : "", std::ios::binary);
  const auto s = std::make_unique<server>(std::vector<std::uint8_t>{std::istreambuf_iterator<char>(in), {}});
  if (!s->keys) return std::fprintf(stderr, "negotiate_kerb: no keytab\n"), 1;
  return negotiate_serve(s.get());
}
