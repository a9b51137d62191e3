// What kerb tells: tickets and keys, for people and as JSON.
#pragma once
#include <ctime>

#include "cache.hpp"

namespace example {

inline std::string text_of(const kerb::principal_view& p) {
  std::vector<char> out(4096);
  const auto t = to_text(p, out);
  return t ? std::string(*t) : "(a name that cannot be written)";
}
/// The time in the user's time zone, or in UTC for JSON.
inline std::string text_of(kerb::kerberos_time t, bool json = false) {
  const std::time_t seconds = static_cast<std::time_t>(t.seconds);
  std::tm broken{};
  json ? gmtime_r(&seconds, &broken) : localtime_r(&seconds, &broken);
  char out[64];
  std::strftime(out, sizeof out, json ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d %H:%M:%S", &broken);
  return out;
}
inline std::string text_of(kerb::etype_t e) {
  const std::string_view name = name_of(e);
  return name.empty() ? "type " + std::to_string(static_cast<int>(e)) : std::string(name);
}
/// The letters of MIT's klist -f.
inline std::string letters_of(kerb::msg::TicketFlags flags) {
  using f = kerb::ticket_flag_t;
  const std::pair<f, char> all[] = {
      {f::forwardable, 'F'},    {f::forwarded, 'f'},  {f::proxiable, 'P'},   {f::proxy, 'p'},
      {f::may_postdate, 'D'},   {f::postdated, 'd'},  {f::renewable, 'R'},   {f::initial, 'I'},
      {f::invalid, 'i'},        {f::hw_authent, 'H'}, {f::pre_authent, 'A'}, {f::transited_policy_checked, 'T'},
      {f::ok_as_delegate, 'O'}, {f::anonymous, 'a'}};
  std::string s;
  for (const auto& [flag, letter] : all)
    if (flags.has(flag)) s += letter;
  return s;
}
/// A string of JSON. Octets that are not printable letters of ASCII become \u00XX, as if the text were Latin-1.
inline std::string quoted(const std::string& s) {
  std::string out = "\"";
  for (const char c : s) {
    const auto o = static_cast<unsigned char>(c);
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", o);
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (o >= 0x20 && o < 0x7f) out += c;
    else out += escaped;
  }
  return out + "\"";
}

/// The encryption type with which a ticket is sealed.
inline kerb::etype_t ticket_etype(kerb::bytes_view ticket) {
  const auto t = kerb::asn1::decode<kerb::msg::Ticket>(ticket);
  return t ? t->enc_part.etype : kerb::etype_t{};
}

inline void show_ticket(const file_cache::entry& e, std::int64_t now, bool json, bool first) {
  const kerb::cache_entry& f = e.file;
  const std::string server = text_of(e.message.server);
  const bool expired = f.endtime.seconds <= now;
  const kerb::etype_t sealed = ticket_etype(f.ticket);
  if (json) {
    std::printf("%s\n  {\"server\": %s, \"client\": %s, \"starttime\": \"%s\", \"endtime\": \"%s\", ", first ? "" : ",",
                quoted(server).c_str(), quoted(text_of(e.message.client)).c_str(),
                text_of(f.starttime.value_or(f.authtime), true).c_str(), text_of(f.endtime, true).c_str());
    if (f.renew_till) std::printf("\"renew_till\": \"%s\", ", text_of(*f.renew_till, true).c_str());
    std::printf(
        "\"flags\": \"%s\", \"session_etype\": \"%s\", \"ticket_etype\": \"%s\", \"octets\": %zu, "
        "\"expired\": %s}",
        letters_of(f.flags).c_str(), text_of(f.etype).c_str(), text_of(sealed).c_str(), f.ticket.size(),
        expired ? "true" : "false");
    return;
  }
  std::printf("%s  %s  %s%s\n", text_of(f.starttime.value_or(f.authtime)).c_str(), text_of(f.endtime).c_str(),
              printable(server).c_str(), expired ? "  (expired)" : "");
  if (f.renew_till) std::printf("    renewable until %s\n", text_of(*f.renew_till).c_str());
  std::printf("    flags %s; session key %s, ticket %s\n", letters_of(f.flags).c_str(), text_of(f.etype).c_str(),
              text_of(sealed).c_str());
}

inline void show_cache(const file_cache& cache, std::int64_t now, bool json) {
  const std::string client = text_of(cache.client());
  if (json)
    std::printf("{\"cache\": %s, \"client\": %s, \"tickets\": [", quoted(cache.path()).c_str(), quoted(client).c_str());
  else
    std::printf("Cache:  %s\nClient: %s\n\n%-19s  %-19s  %s\n", cache.path().c_str(), printable(client).c_str(),
                "Valid from", "Valid until", "Service");
  bool first = true;
  for (const file_cache::entry& e : cache.entries()) show_ticket(e, now, json, std::exchange(first, false));
  if (json) std::printf("\n]}\n");
}

}  // namespace example
