// One exchange for both kinds of request.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using machine = kdc<testing::insecure_policy>;

constexpr bool a_request_finds_its_machine() {
  world w;
  const auto t = w.turn_now();
  machine as(w.settings, std::span(w.scratch));
  if (as.as() != nullptr || as.tgs() != nullptr || !says<need_principal>(as.receive(w.as_req(), t))) return false;
  machine tgs(w.settings, std::span(w.scratch));
  if (!says<need_principal>(tgs.receive(w.tgs_req(), t))) return false;
  return as.as() != nullptr && as.tgs() == nullptr && tgs.as() == nullptr && tgs.tgs() != nullptr;
}
KERB_BOTH("kdc: an AS-REQ goes to the AS and a TGS-REQ to the TGS", "[exchange][rfc4120-3.1.3]",
          a_request_finds_its_machine);

constexpr bool anything_else_gets_no_answer() {
  world w;
  const auto t = w.turn_now();
  for (unsigned first = 0; first != 256; ++first) {
    if (first == 0x6a || first == 0x6c) continue;
    const std::uint8_t octets[] = {static_cast<std::uint8_t>(first), 0x02, 0x30, 0x00};
    machine x(w.settings, std::span(w.scratch));
    const kdc_step s = x.receive(octets, t);
    const auto* no = std::get_if<refused>(&s);
    if (no == nullptr || !no->octets.empty() || no->why.code != errc::unexpected_message || !x.framed().empty())
      return false;
  }
  return true;
}
KERB_BOTH("kdc: what is no request gets no answer", "[exchange]", anything_else_gets_no_answer);

constexpr bool a_framed_answer_has_its_length_in_front() {
  world w;
  machine x(w.settings, std::span(w.scratch));
  w.body.realm = other_org;
  const kdc_step s = x.receive(w.as_req(), w.turn_now());
  const auto* no = std::get_if<refused>(&s);
  const bytes_view framed = x.framed();
  return no != nullptr && framed.size() == no->octets.size() + 4 && framed[3] == no->octets.size() % 256 &&
         framed.subview(4) == no->octets;
}
KERB_BOTH("kdc: an answer can be had with its length in front", "[exchange][rfc4120-7.2.2]",
          a_framed_answer_has_its_length_in_front);
}  // namespace
