// HTTP fields of the scheme Negotiate, as a server and as a client reads them.
#include <algorithm>
#include <kerb/format/negotiate_header.hpp>
#include <string>
#include <vector>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

constexpr std::size_t max_token = 200;

void check(const result<negotiate_field>& f, std::string_view value, std::span<const std::uint8_t> out) {
  if (!f) {
    const error& e = f.error();
    require(e.code == errc::bad_http_field || e.code == errc::bad_base64 || e.code == errc::token_too_long, "says why");
    require(e.offset <= value.size(), "points into the field");
    require(e.code != errc::token_too_long || e.detail > max_token, "names the size of a token that is too long");
    return;
  }
  if (!f->token) return;
  require(f->present, "has a token of a scheme that is there");
  require(f->token->size() <= max_token, "is bounded");
  require(f->token->data() == out.data(), "is at the front of the buffer");
  std::vector<char> text(negotiate_size(f->token->size()));
  const auto written = write_negotiate(*f->token, text);
  require(written.has_value(), "can be written");
  require(f->token->empty() || value.find(written->substr(10)) != std::string_view::npos, "is a part of the field");
  std::vector<std::uint8_t> again(max_token);
  for (const auto& back : {read_authorization(*written, again), read_www_authenticate(*written, again)})
    require(back && back->token && *back->token == *f->token, "is read as it was written");
  require(kind_of_base64_token(written->substr(10)) ==
              kind_of_token(f->token->first(std::min<std::size_t>(f->token->size(), 24))),
          "has the kind of its text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4000) return 0;
  const std::string value(reinterpret_cast<const char*>(data), size);
  std::vector<std::uint8_t> out(max_token);
  const auto request = read_authorization(value, out, max_token);
  check(request, value, out);
  const bool token = request && request->token;
  const auto answer = read_www_authenticate(value, out, max_token);
  check(answer, value, out);
  // A list of one challenge has the syntax of credentials
  require(!token || (answer && answer->token), "is a challenge too");
  std::string in_place = value;
  const auto place = std::span(reinterpret_cast<std::uint8_t*>(in_place.data()), in_place.size());
  const auto same = read_www_authenticate(in_place, place, max_token);
  require(same.has_value() == answer.has_value(), "is read in place too");
  require(!answer || !answer->token || *same->token == *answer->token, "has the same token in place");
  return 0;
}
