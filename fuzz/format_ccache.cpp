// Credential caches of any octets; the first says in which byte order a file of version 1 or 2 is read.
#include <kerb/format/ccache.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

bool inside(bytes_view part, bytes_view whole) {
  return part.size() <= whole.size() && part.data() >= whole.data() && part.end() <= whole.end();
}
void look(const file_name& n, bytes_view in) {
  require(inside(n.realm.octets, in), "lies in the file", "a realm");
  for (const kerberos_string c : n.components) require(inside(c.octets, in), "lies in the file", "a name");
}

std::uint8_t first[1 << 18], second[1 << 18];

result<bytes_view> copy(const ccache_view& c, std::span<std::uint8_t> to) {
  ccache_writer w(c, to);
  for (const cache_entry& e : c) w.add(e);
  return w.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1 << 16) return 0;
  const bytes_view in(data + 1, size - 1);
  const auto c = ccache_view::open(in, data[0] % 2 == 0 ? std::endian::big : std::endian::little);
  if (!c) {
    require(is_malformed(c.error().code), "says what is malformed");
    require(c.error().offset <= in.size() && c.error().field[0] != '\0', "points into the file");
    return 0;
  }
  look(c->client(), in);
  std::size_t count = 0;
  for (const cache_entry& e : *c) {
    look(e.client, in);
    look(e.server, in);
    for (const bytes_view v : {e.key.unguarded(), e.ticket, e.second_ticket})
      require(inside(v, in), "lies in the file", "a key or a ticket");
    for (const msg::HostAddress& a : e.addresses) require(inside(a.address, in), "lies in the file", "an address");
    for (const msg::AuthorizationDataElement& a : e.authdata)
      require(inside(a.ad_data, in), "lies in the file", "authorization data");
    const auto config = e.config();
    require(!config || e.is_config(), "is a setting");
    require(!config || inside(config->key.octets, in), "lies in the file", "a setting");
    ++count;
  }
  require(count == c->size(), "has the entries it counts");
  const auto out = copy(*c, first);
  if (!out) {
    require(out.error().code == errc::no_space && out.error().detail > sizeof first, "fails for lack of space only");
    return 0;
  }
  require(c->version() == 3 || *out == in, "is written as it was read");  // version 3 has a number without a meaning
  const auto back = ccache_view::open(*out, c->order());
  require(back && back->size() == count, "is read again");
  const auto again = copy(*back, second);
  require(again && *again == *out, "is written the same the second time");
  return 0;
}
