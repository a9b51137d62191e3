// Configurations: any texts, which include each other, and what is looked up in them.
#include <kerb/exchange/realm_path.hpp>
#include <kerb/format/krb5_conf.hpp>
#include <string>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

bool inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

// The first octet chooses the dialect. Then comes a host, up to an octet 0, and the texts, each up to an octet 1: every
// include is answered with the next of them, and a directory with two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 8192) return 0;
  const conf_dialect dialect = data[0] % 2 == 0 ? conf_dialect::mit : conf_dialect::heimdal;
  const std::string_view all(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t nul = all.find('\0');
  const std::string_view host = all.substr(0, nul);
  std::string_view rest = nul == std::string_view::npos ? std::string_view() : all.substr(nul + 1);
  const auto next = [&] {
    const std::size_t end = rest.find('\1');
    const std::string_view text = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return text;
  };
  krb5_conf<8> conf(dialect);
  auto r = conf.add(next());
  std::size_t answers = 0;
  while (r && r->what != conf_request::kind::nothing) {
    require(inside(r->path, all) && !r->path.empty(), "is a part of the text", "a path");
    if (r->what == conf_request::kind::file) {
      r = conf.provide(next());
    } else {
      const text_view files[] = {next(), next()};
      r = conf.provide(view_of<text_view>(files));
    }
    require(++answers <= size, "ends");
  }
  const krb5_conf_view view = conf;
  if (!r) {
    const error& e = r.error();
    require(e.code == errc::bad_conf_text || e.code == errc::no_space, "says why");
    require(e.code == errc::no_space || (conf.faulty_text() < view.texts().size() &&
                                         e.offset <= view.texts()[conf.faulty_text()].text.size() && *e.field != '\0'),
            "points into the text");
    if (e.code == errc::bad_conf_text) {  // a text alone fails in the same place, and is read up to it
      const conf_text& faulty = view.texts()[conf.faulty_text()];
      krb5_conf_reader alone(faulty.text, dialect);
      while (alone.next()) {}
      require(std::string_view(e.field) == "include" || alone.why().offset == e.offset, "is the same alone");
    }
    return 0;
  }
  std::size_t values = 0;
  for (const conf_member& s : view.members({"realms"})) {
    require(inside(s.name, all), "is a part of the text", "a name");
    if (s.value) continue;
    for (const conf_value& v : view.values({"realms", s.name, "kdc"})) {
      require(inside(v.raw(), all), "is a part of the text", "a value");
      std::string buffer(v.octets(), '\0');
      const auto text = v.text(buffer);
      require(text && v == *text && text->size() <= v.octets(), "is copied");
      ++values;
    }
    server_list<64> kdcs;
    const error e = append_servers(view, s.name, server_t::kdc, kdcs);
    require(e.ok() || e.code == errc::bad_conf_text || e.code == errc::no_space, "says why", "a server");
    for (const server_candidate& c : kdcs) require(!c.host.empty() && inside(c.host, all), "has a host", "a server");
    if (values > 64) break;
  }
  if (const auto realm = realm_of_host(view, host)) {
    require(inside(realm->raw(), all) && !is_numeric_address(host), "is a part of the text", "a realm");
  }
  realm_path paths[16];
  const auto found = realm_paths(view, std::span(paths));
  require(found || (found.error().code == errc::no_space && found.error().detail > 16), "counts", "paths");
  if (const auto v = view.value({"libdefaults", "ticket_lifetime"})) {
    const auto seconds = conf_duration(v->raw(), dialect);
    require(!seconds || (*seconds <= 0x7fffffff && *seconds >= -0x7fffffff - 1), "has 32 bits", "a duration");
    (void)conf_integer(v->raw());
    (void)conf_boolean(v->raw(), dialect);
  }
  return 0;
}
