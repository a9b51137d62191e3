// Messages in pieces, in both layouts, with gss_wrap_iov() and gss_unwrap_iov() of MIT's and Heimdal's libraries.
#include "gss_peers.hpp"

using namespace sessions;

namespace {

using kerb::gss::message_piece;
using kerb::gss::token_layout;

/// A message as protected RPC has it: two pieces of data, and around the second two that are only authenticated.
struct pieces {
  octets header, first = message(24), signed_only = message(8), second = message(17), signed_last = message(3), trailer;
  std::vector<message_piece> list = {};

  kerb::view_of<message_piece> views() {
    list = {message_piece(first), message_piece::sign_only(signed_only), message_piece(second),
            message_piece::sign_only(signed_last)};
    return list;
  }
  /// As the peer is told them.
  std::string text() const {
    return "h" + hex(header) + " d" + hex(first) + " s" + hex(signed_only) + " d" + hex(second) + " s" +
           hex(signed_last) + (trailer.empty() ? "" : " t" + hex(trailer));
  }
  /// From what the peer tells.
  bool read(const std::string& line) {
    octets* const all[] = {&header, &first, &signed_only, &second, &signed_last, &trailer};
    std::size_t n = 0;
    for (std::size_t at = line.find(' '); at != std::string::npos && n != 6; at = line.find(' ', at + 1))
      *all[n++] = unhex(line.substr(at + 2, line.find(' ', at + 1) - at - 2));
    return n >= 5;
  }
  bool has_data() const {
    const pieces fresh;
    return first == fresh.first && second == fresh.second;
  }
};

}  // namespace

TEST_CASE("gss: messages in pieces arrive in both directions and layouts, sealed and signed, in DCE style and without",
          "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool peer_initiates : {false, true}) {
        for (const gss_flags f : {usual, dce}) {
          gss_talk t({.with = with, .etype = e, .peer_initiates = peer_initiates, .flags = f});
          REQUIRE(t.stands());
          for (const protection p : {protection::confidentiality, protection::integrity}) {
            for (const token_layout layout : {token_layout::with_trailer, token_layout::rotated}) {
              // Heimdal has no trailers in DCE style
              if (with.is_heimdal && f == dce && layout == token_layout::with_trailer) continue;
              CAPTURE(with.name, e, peer_initiates, f.bits, conf(p), layout == token_layout::rotated);
              const auto sizes = t.context->pieces_overhead(p, layout, the_world->crypto);
              REQUIRE(sizes);
              pieces ours;
              ours.header.resize(sizes->front), ours.trailer.resize(sizes->back);
              CHECK(t.context->wrap_pieces(ours.header, ours.views(), ours.trailer, p, the_world->crypto) == errc::ok);
              const std::string line = t.peer.ask("unwrap_iov " + ours.text());
              pieces opened;
              INFO(line);
              CHECK(line.rfind("pieces " + conf(p) + " complete h", 0) == 0);
              CHECK(opened.read(line.substr(std::min(line.size(), std::string("pieces 1 complete").size()))));
              CHECK(opened.has_data());

              // Nor does it sign in DCE style without sealing
              if (with.is_heimdal && f == dce && p == protection::integrity) continue;
              const std::string trailer = layout == token_layout::rotated ? "" : " t";
              pieces theirs;
              const pieces plain;
              const std::string made =
                  t.peer.ask("wrap_iov " + conf(p) + " h d" + hex(plain.first) + " s" + hex(plain.signed_only) + " d" +
                             hex(plain.second) + " s" + hex(plain.signed_last) + trailer);
              INFO(made);
              REQUIRE(theirs.read(made));
              CHECK(theirs.header.size() == sizes->front);
              CHECK(theirs.trailer.size() == sizes->back);
              const auto got =
                  t.context->unwrap_pieces(theirs.header, theirs.views(), theirs.trailer, the_world->crypto);
              CHECK(got.error().code == errc::ok);
              CHECK(theirs.has_data());
              if (got) CHECK(got->seen == order::in_order);
            }
          }
        }
      }
    }
  }
}
