// DNS replies of any octets, URIs and names.
#include <kerb/format/dns.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

// The first octet chooses the type, and the next what orders the records. Then comes the reply, which is also a URI, a
// server and a realm.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 65537) return 0;
  const bytes_view in(data + 2, size - 2);
  const dns_question q = dns_questions(static_cast<server_t>(data[0] / 4 % 4))[data[0] % 3];
  static char text[1 << 12];
  dns_records<8> records;
  const error e = read_dns_reply(in, q.type, text, records);
  if (!e.ok()) {
    require(e.code == errc::no_space || e.code == errc::dns_error || is_malformed(e.code), "says why");
    require(e.offset <= in.size() && *e.field != '\0', "points into the reply");
    require(e.code != errc::no_space || e.detail > sizeof text, "says how much is needed");
  }
  for (const dns_record& r : records) {
    require(r.target.empty() || (r.target.data() >= text && r.target.data() + r.target.size() <= text + sizeof text),
            "is in the buffer", "a target");
    if (q.type != dns_type_t::srv) continue;
    require(r.target.size() <= 253, "is a name", "a target");
    for (const char c : r.target) require(detail::is_dns_character(c) || c == '.', "has only characters of hosts");
  }
  dns_records<8> ordered = records;
  order_by_weight(std::span<dns_record>(ordered.data(), ordered.size()), data[1]);
  std::size_t before = 0, after = 0;
  for (std::size_t i = 0; i != records.size(); ++i) {
    require(i == 0 || ordered[i - 1].priority <= ordered[i].priority, "are ordered", "records");
    before += records[i].weight + std::size_t{records[i].priority} * 65536;
    after += ordered[i].weight + std::size_t{ordered[i].priority} * 65536;
  }
  require(before == after, "are the same", "records");
  server_list<4> servers;
  const error none = append_servers(records, q, data[1], servers);
  require(none.ok() || (none.code == errc::dns_no_service && servers.empty()), "is final", "no service");
  for (const server_candidate& c : servers) require(!c.host.empty(), "has a host", "a server");

  const std::string_view as_text(reinterpret_cast<const char*>(in.data()), in.size());
  const auto inside = [&](std::string_view part) {
    return part.empty() ||
           (part.data() >= as_text.data() && part.data() + part.size() <= as_text.data() + as_text.size());
  };
  for (const auto& c : {parse_krb5srv(as_text, 88), parse_server(as_text, 88)})
    require(!c || (!c->host.empty() && inside(c->host) && inside(c->path)), "is a part of the text", "a server");
  if (const auto name = dns_name(q, as_text, text)) {
    require(name->size() <= max_dns_name && name->back() == '.', "is a name of DNS", "a question");
    require(name->find("..") == std::string_view::npos, "has no empty label", "a question");
  }
  return 0;
}
