// Redis's replies, and arguments of commands, as text.
#pragma once
#include <hiredis/hiredis.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace example {

inline std::string_view text_of(const redisReply* r) {
  const bool has_text =
      r != nullptr && (r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS || r->type == REDIS_REPLY_ERROR);
  return has_text ? std::string_view(r->str, static_cast<std::size_t>(r->len)) : std::string_view();
}
/// The seconds in a reply to TIME; 0 if it is none.
inline std::int64_t seconds_of(const redisReply* r) {
  if (r == nullptr || r->type != REDIS_REPLY_ARRAY || r->elements != 2) return 0;
  return std::strtoll(std::string(text_of(r->element[0])).c_str(), nullptr, 10);
}
/// The value of a line of INFO, `name:value`.
inline std::string field(std::string_view info, const std::string& name) {
  const std::size_t at = info.find("\n" + name + ":"), from = at + name.size() + 2;
  return at == std::string_view::npos ? "" : std::string(info.substr(from, info.find_first_of("\r\n", from) - from));
}
template <std::size_t N>
std::string hex(const std::array<std::uint8_t, N>& octets) {
  std::string s;
  for (const std::uint8_t o : octets) s += {"0123456789abcdef"[o >> 4], "0123456789abcdef"[o & 15]};
  return s;
}

}  // namespace example
