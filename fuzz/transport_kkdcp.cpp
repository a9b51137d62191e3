// Bodies of a KDC proxy. The first octet says what the rest is: a request, a response, or a message that a client
// sends.
#include <kerb/transport/kkdcp.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

std::uint8_t out[8192];

bool is_inside(bytes_view part, bytes_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}
void properties_of(const error& why, bytes_view in) {
  require(is_malformed(why.code) || why.code == errc::unexpected_message, "says why", "a refusal");
  require(why.offset <= in.size(), "points into the body", "a refusal");
  require(kkdcp_http_status(why) == 400 || kkdcp_http_status(why) == 413, "is the client's fault", "a refusal");
}
void request(bytes_view in) {
  const auto r = read_kkdcp_request(in);
  if (!r) return properties_of(r.error(), in);
  require(is_inside(r->framed, in) && is_inside(r->realm.octets, in), "is in the body", "what is forwarded");
  require(r->framed.subview(4) == r->message && !r->message.empty(), "has its length in front", "a message");
  require(!r->realm.octets.empty() && r->is_for(r->realm), "is named", "a realm");
  const unsigned first = r->message[0];
  require(r->content == kkdcp_content::kpasswd || first == 0x6a || first == 0x6c, "is what it says", "a message");
  require(!write_kkdcp_reply(r->content, r->message, out).has_value(), "is no answer", "a request");
  const auto again = write_kkdcp_request(r->message, r->realm, out, r->dclocator_hint);
  require(again.has_value(), "can be written", "what was read");
  const auto back = read_kkdcp_request(*again);
  require(back && back->message == r->message && back->realm == r->realm && back->content == r->content &&
              back->dclocator_hint == r->dclocator_hint,
          "reads the same", "what was written");
}
void response(bytes_view in) {
  require(!read_kkdcp_reply(403, in), "has no answer", "another status");
  const auto r = read_kkdcp_reply(200, in);
  if (!r) return properties_of(r.error(), in);
  require(is_inside(*r, in), "is in the body", "an answer");
  for (const auto asked : {kkdcp_content::as_req, kkdcp_content::tgs_req, kkdcp_content::kpasswd}) {
    const auto again = write_kkdcp_reply(asked, *r, out);
    if (!again) continue;
    const auto back = read_kkdcp_reply(200, *again);
    require(back && *back == *r, "reads the same", "what was written");
  }
}
void message(bytes_view in) {
  constexpr auto realm = "EXAMPLE.ORG"_krb;
  const auto r = write_kkdcp_request(in, realm, out);
  require(r.has_value() == !in.empty(), "can be written", "any message");
  if (!r) return;
  const auto back = read_kkdcp_reply(200, *r);
  require(back && *back == in, "reads the same", "any message");
  const auto forwarded = read_kkdcp_request(*r);
  require(!forwarded || (forwarded->message == in && forwarded->realm == realm), "reads the same", "a request");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const bytes_view in(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: request(in); break;
    case 1: response(in); break;
    default: message(in);
  }
  return 0;
}
