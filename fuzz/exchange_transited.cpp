// Transited fields from any octets: what expands can be appended to, and stands for the same realms and the new one.
// The input: the client's realm, the issuer's and the server's, each with a line feed behind it, then the field.
#include <kerb/exchange/transited.hpp>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

using realms = std::set<std::string>;

/// The realms of a field; what it may grow to is bounded by what it is.
error expand(bytes_view contents, kerberos_string client, kerberos_string server, realms& out, std::size_t& calls) {
  const error e = for_each_transited(contents, client, server, [&](kerberos_string r) {
    require(!r.octets.empty(), "has a name");
    ++calls;
    out.insert(std::string(r.text()));
    return true;
  });
  require(calls <= max_transited_realms, "is bounded");
  require(calls <= 2 * (contents.size() + client.octets.size() + server.octets.size()), "is no more than was written");
  require(e.ok() || e.code == errc::bad_transited, "says why");
  require(e.ok() || e.offset <= contents.size(), "points into the field");
  return e;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 3000) return 0;
  bytes_view rest(data, size);
  kerberos_string names[3];
  for (kerberos_string& name : names) {
    std::size_t n = 0;
    while (n != rest.size() && rest[n] != '\n') ++n;
    name = {rest.first(n)};
    rest = rest.subview(n == rest.size() ? n : n + 1);
  }
  const auto [client, issuer, server] = names;

  realms before;
  std::size_t calls = 0, again = 0;
  const error e = expand(rest, client, issuer, before, calls);
  std::array<std::uint8_t, 8192> out{};
  const auto result = append_transited(rest, issuer, client, server, out);
  const bool named = !client.octets.empty() && !issuer.octets.empty() && !server.octets.empty();
  const bool no_zero = std::count(issuer.octets.begin(), issuer.octets.end(), std::uint8_t{0}) == 0;
  const bool can = e.ok() && named && no_zero && issuer.octets.size() <= max_transited_realm;
  require(!result || can, "appends to nothing else");
  const auto subfields = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), ',')) + 1;
  const bool full = calls == max_transited_realms || subfields >= max_transited_realms;
  require(result || !can || full, "appends what it can");
  if (result) {
    realms after;
    require(expand(*result, client, server, after, again).ok(), "expands again");
    const std::string added(issuer.text());
    if (issuer == client || issuer == server) {
      after.erase(added);
      before.erase(added);
    } else {
      before.insert(added);
    }
    require(before == after, "is the old list and the issuer");
  }

  // What is accepted is on the path or trusted, and so it is for everyone who asks one by one.
  const kerberos_string trusted[] = {issuer};
  const realm_path paths[] = {{client, server, issuer}};
  for (const realm_path_policy& policy :
       {realm_path_policy{}, realm_path_policy{.trusted = trusted}, realm_path_policy{.paths = paths}}) {
    realms good{std::string(client.text()), std::string(server.text())}, listed;
    for (const kerberos_string t : policy.trusted) good.insert(std::string(t.text()));
    (void)for_each_realm_between(client, server, policy, [&](kerberos_string r) {
      good.insert(std::string(r.text()));
      return true;
    });
    const bool readable = expand(rest, client, server, listed, again = 0).ok();
    const error said = check_transited({tr_t::domain_x500_compress, rest}, client, server, policy);
    require(said.ok() == (readable && std::includes(good.begin(), good.end(), listed.begin(), listed.end())),
            "accepts what is good");
    require(check_transited({tr_t::none, rest}, client, server, policy).ok() == rest.empty(), "knows one encoding");
  }
  return 0;
}
