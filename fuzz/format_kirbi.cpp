// Ticket files of any octets, with lengths in any form.
#include <kerb/format/kirbi.hpp>
#include <kerb/format/kirbi_credentials.hpp>
#include <vector>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 14) return 0;
  const bytes_view in(data, size);
  std::vector<std::uint8_t> buffer(size);
  const auto der = kirbi_as_der(in, buffer);
  if (!der) {
    require(is_malformed(der.error().code) && der.error().offset <= size, "points into the file");
    return 0;
  }
  std::vector<std::uint8_t> twice(der->size());
  const auto same = kirbi_as_der(*der, twice);
  require(same && *same == *der, "is left as it is", "DER");
  const auto k = kirbi_view::open(*der);
  if (!k) {
    const errc c = k.error().code;
    require(is_malformed(c) || c == errc::no_key || c == errc::count_mismatch, "says why");
    return 0;
  }
  std::vector<cached_credential> all;
  for (const cached_credential& c : *k) {
    require(c.ticket.data() >= der->data() && c.ticket.end() <= der->end(), "is in the file", "a ticket");
    require(c.key.empty() || (c.key.data() >= der->data() && c.key.data() + c.key.size() <= der->end()),
            "is in the file", "a key");
    all.push_back(c);
  }
  require(all.size() == k->size(), "has the tickets that it counts");
  std::vector<std::uint8_t> out(2 * size + 200 * (all.size() + 1));
  const auto made = write_kirbi(all, out);
  require(made || all.empty(), "is written");
  if (!made) return 0;
  const auto back = kirbi_view::open(*made);
  require(back && back->size() == all.size(), "is read again");
  std::vector<cached_credential> again;
  for (const cached_credential& c : *back) again.push_back(c);
  std::vector<std::uint8_t> second(out.size());
  const auto last = write_kirbi(again, second);
  require(last && *last == *made, "is written the same the second time");
  return 0;
}
