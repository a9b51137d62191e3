// KCM: octets from the socket, and the fields of requests and replies.
#include <kerb/format/kcm.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

bool inside(bytes_view part, bytes_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.end() <= whole.end());
}
std::uint8_t out[1 << 17];

}  // namespace

// The first octet says whether it is a request (even) or a reply, the second how many octets are fields to read. Then
// come those, a kind each, and then what the socket had.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 1 << 16 || size - 2 < data[1]) return 0;
  const bool is_request = data[0] % 2 == 0;
  const bytes_view fields(data + 2, data[1]), in(data + 2 + data[1], size - 2 - data[1]);
  const std::size_t header = is_request ? kcm_request_header : kcm_reply_header;
  const auto frame = read_kcm_frame(in, header, 1 << 14);
  if (!frame) {
    require(frame.error().code == errc::frame_too_long || frame.error().code == errc::kcm_error, "says why", "a frame");
    return 0;
  }
  require(frame->missing != 0 || (frame->octets == header + frame->message.size() && inside(frame->message, in)),
          "is in the octets", "a message");
  if (frame->missing != 0) {
    require(frame->message.empty() && frame->missing <= header + (1 << 14), "is not there yet", "a message");
    return 0;
  }
  const bytes_view message = frame->message;
  auto r = is_request ? kcm_reader::request(message) : kcm_reader::reply(message);
  if (!r) {
    require(is_malformed(r.error().code) || r.error().code == errc::kcm_error, "says why", "a message");
    return 0;
  }
  kcm_writer w = is_request ? kcm_writer(r->op(), out) : kcm_writer::reply(0, out);
  for (const std::uint8_t f : fields) {
    switch (f % 6) {
      case 0: {
        const kerberos_string name = r->name();
        require(inside(name.octets, message), "is in the message", "a name");
        w.name(name.text());
        break;
      }
      case 1: w.number(r->number()); break;
      case 2: w.uuid(r->uuid()); break;
      case 3: {
        const file_name p = r->principal();
        require(inside(p.realm.octets, message), "is in the message", "a realm");
        w.principal(p);
        break;
      }
      case 4: {
        const cache_entry e = r->credential();
        require(inside(e.key.unguarded(), message) && inside(e.ticket, message), "is in the message", "a credential");
        w.credential(e);
        break;
      }
      default: {
        const cache_entry e = r->listed_credential();
        require(inside(e.ticket, message), "is in the message", "a listed credential");
        w.listed_credential(e);
        break;
      }
    }
  }
  const error end = r->finish();
  require(end.ok() || (is_malformed(end.code) && end.offset <= message.size() && *end.field != '\0'), "says where");
  if (!end.ok()) return 0;
  const auto again = w.finish();
  require(again && again->size() == frame->octets, "has the same size when it is written");
  // the minor version of a request has no meaning
  const std::size_t skip = is_request ? header + 2 : header;
  require(again->subview(skip) == in.subview(skip, frame->octets - skip), "is written as it was read");
  return 0;
}
