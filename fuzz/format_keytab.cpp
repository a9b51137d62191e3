// Keytabs of any octets; the first says in which byte order a file of version 1 is read.
#include <kerb/format/keytab.hpp>
#include <kerb/testing/insecure.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

bool inside(bytes_view part, bytes_view whole) {
  return part.size() <= whole.size() && part.data() >= whole.data() && part.end() <= whole.end();
}
bool same(const keytab_entry& a, const keytab_entry& b) {
  auto other = b.principal.components.begin();
  for (const kerberos_string c : a.principal.components)
    if (!(c == *other++)) return false;
  return a.principal.components.size() == b.principal.components.size() && a.principal.realm == b.principal.realm &&
         a.principal.name_type == b.principal.name_type && a.timestamp == b.timestamp && a.kvno == b.kvno &&
         a.etype == b.etype && a.short_kvno == b.short_kvno && a.rest == b.rest &&
         a.key.unguarded() == b.key.unguarded();
}

std::uint8_t written[1 << 18];

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1 << 16) return 0;
  const bytes_view in(data + 1, size - 1);
  const auto k = keytab_view::open(in, data[0] % 2 == 0 ? std::endian::big : std::endian::little);
  if (!k) {
    require(is_malformed(k.error().code), "says what is malformed");
    require(k.error().offset <= in.size() && k.error().field[0] != '\0', "points into the file");
    return 0;
  }
  testing::insecure_policy policy;
  keytab_keys<testing::insecure_policy> keys(*k, policy);
  keytab_writer w(written, {k->version(), k->order()});
  std::size_t count = 0;
  for (const keytab_entry& e : *k) {
    require(inside(e.key.unguarded(), in), "lies in the file", "a key");
    require(inside(e.principal.realm.octets, in), "lies in the file", "a realm");
    for (const kerberos_string c : e.principal.components) require(inside(c.octets, in), "lies in the file", "a name");
    w.add(e);
    ++count;
  }
  require(count == k->size(), "has the entries it counts");
  const auto out = w.finish();
  if (!out) {
    require(out.error().code == errc::no_space && out.error().detail > sizeof written, "fails for lack of space only");
    return 0;
  }
  const auto back = keytab_view::open(*out, k->order());
  require(back && back->size() == count, "is read again");
  auto other = back->begin();
  for (const keytab_entry& e : *k) require(same(e, *other++), "is written as it was read");
  return 0;
}
