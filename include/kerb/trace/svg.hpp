// Trace events as a sequence diagram in SVG.
#pragma once
#include "text.hpp"

namespace kerb::inline v0 {

/// A trace sink that draws a sequence diagram into a caller's buffer: the cache, the client, and each
/// realm's KDC in the order in which they were first asked (at most 10; others share the last place).
/// A message is an arrow, everything else a sentence beside the client. An event takes less than
/// 1 KiB with ordinary names.
class svg_trace {
 public:
  /// The buffer must outlive this object and the result of finish().
  explicit svg_trace(std::span<char> buffer) : buffer_(buffer), body_(buffer, detail::markup::xml) {}

  void operator()(timestamp at, const trace_event& event) {
    namespace t = trace;
    y_ += row;
    body_.raw("<text class=\"t\" x=\"8\" y=\"").number(y_).raw("\">").time(at.at, false);
    body_.microseconds(at.usec.count).raw("</text>\n");
    if (std::holds_alternative<t::cache_searched>(event)) arrow(client, cache, "");
    else if (std::holds_alternative<t::cache_hit>(event)) arrow(cache, client, "");
    else if (std::holds_alternative<t::cache_missed>(event)) arrow(cache, client, "no");
    else if (const auto* out = std::get_if<t::request_made>(&event)) arrow(client, lane_of(out->realm), "");
    else if (const auto* in = std::get_if<t::reply_arrived>(&event)) arrow(lane_of(in->realm), client, "");
    else if (const auto* no = std::get_if<t::refusal_arrived>(&event)) arrow(lane_of(no->realm), client, "no");
    else if (const auto* i = std::get_if<t::answer_ignored>(&event)) arrow(lane_of(i->realm), client, "no");
    const bool failed = std::holds_alternative<t::exchange_failed>(event);
    body_.raw("<text class=\"").raw(failed ? "f" : "s").raw("\" x=\"").number(x_of(client) + 10);
    body_.raw("\" y=\"").number(y_ - 5).raw("\">");
    const std::size_t before = body_.size();
    detail::write_sentence(body_, event);
    if (widest_ < body_.size() - before) widest_ = body_.size() - before;
    body_.raw("</text>\n");
  }

  /// The whole document, in the buffer. Call it once, at the end. errc::no_space if the buffer is too
  /// small (detail: the size in octets that is needed).
  [[nodiscard]] result<std::string_view> finish() {
    constexpr std::string_view tail = "</svg>\n";
    detail::letters counted({}, detail::markup::xml);
    head(counted);
    const std::size_t body = body_.size(), front = counted.size(), whole = front + body + tail.size();
    if (whole > buffer_.size()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(whole)};
    for (std::size_t i = body; i != 0; --i) buffer_[front + i - 1] = buffer_[i - 1];
    detail::letters first(buffer_.first(front), detail::markup::xml);
    head(first);
    for (std::size_t i = 0; i != tail.size(); ++i) buffer_[front + body + i] = tail[i];
    return std::string_view(buffer_.data(), whole);
  }

 private:
  enum lane : std::size_t { cache, client, first_kdc };
  static constexpr std::size_t max_kdcs = 10, row = 30, top = 60, most_letters = 40;
  struct kdc {
    std::array<std::uint8_t, most_letters> name{};
    std::size_t shown = 0, size = 0;
    constexpr bool is(bytes_view realm) const {
      return realm.size() == size && bytes_view(name).first(shown) == realm.first(shown);
    }
  };

  static constexpr std::size_t x_of(std::size_t lane) {
    return lane == cache ? 150 : lane == client ? 270 : lane * 420;
  }
  std::size_t lane_of(kerberos_string realm) {
    for (std::size_t i = 0; i != size_; ++i)
      if (kdcs_[i].is(realm.octets)) return first_kdc + i;
    if (size_ == max_kdcs) return first_kdc + max_kdcs - 1;
    kdc& k = kdcs_[size_];
    k.size = realm.octets.size();
    k.shown = k.size < most_letters ? k.size : most_letters;
    detail::copy_octets(realm.octets.data(), k.shown, k.name.data());
    return first_kdc + size_++;
  }
  void arrow(std::size_t from, std::size_t to, std::string_view kind) {
    body_.raw("<line class=\"m ").raw(kind).raw("\" x1=\"").number(x_of(from)).raw("\" y1=\"").number(y_);
    body_.raw("\" x2=\"").number(x_of(to)).raw("\" y2=\"").number(y_).raw("\"/>\n");
  }
  void head(detail::letters& to) const {
    const std::size_t lanes = first_kdc + size_, bottom = y_ + row;
    constexpr std::size_t letter_width = 7;
    const std::size_t sentences = x_of(client) + 20 + widest_ * letter_width, kdcs = x_of(lanes - 1) + 100;
    const std::size_t width = sentences < kdcs ? kdcs : sentences;
    to.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"").number(width).raw("\" height=\"").number(bottom);
    to.raw(
        "\">\n<title>Kerberos exchanges of a client</title>\n<style>text{font:12px sans-serif;fill:#222}"
        ".t{font-size:10px;fill:#777}.h{font-weight:bold;text-anchor:middle}.f{fill:#b00020}"
        ".s,.f{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}"
        ".m{stroke:#1f5fa8;stroke-width:1.5;marker-end:url(#a)}.no{stroke:#b00020;stroke-dasharray:6 3}"
        ".l{stroke:#bbb;stroke-dasharray:2 4}</style>\n<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" "
        "refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" "
        "fill=\"#555\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    for (std::size_t i = 0; i != lanes; ++i) {
      to.raw("<line class=\"l\" x1=\"").number(x_of(i)).raw("\" y1=\"36\" x2=\"").number(x_of(i)).raw("\" y2=\"");
      to.number(bottom).raw("\"/>\n<text class=\"h\" x=\"").number(x_of(i)).raw("\" y=\"26\">");
      if (i == cache) to.raw("cache");
      else if (i == client) to.raw("client");
      else to.raw("KDC of ").realm({bytes_view(kdcs_[i - first_kdc].name).first(kdcs_[i - first_kdc].shown)});
      to.raw("</text>\n");
    }
  }

  std::span<char> buffer_;
  detail::letters body_;
  std::size_t y_ = top - row;
  std::array<kdc, max_kdcs> kdcs_{};
  std::size_t size_ = 0;
  std::size_t widest_ = 0;  // letters of the longest sentence
};

}  // namespace kerb::inline v0
