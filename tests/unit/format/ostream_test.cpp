// Errors in streams.
#include <kerb/format/ostream.hpp>

#include <sstream>

#include "support/catch.hpp"

using namespace kerb;

namespace {

template <class T>
std::string written(const T& v) {
  std::ostringstream out;
  out << v;
  return out.str();
}

TEST_CASE("ostream: a code is written by its name, and a number without one as a number", "[format]") {
  CHECK(written(errc::no_space) == "no_space");
  CHECK(written(errc::ok) == "ok");
  CHECK(written(static_cast<errc>(9999)) == "errc 9999");
}

TEST_CASE("ostream: an error is written with its place and its detail", "[format]") {
  CHECK(written(error{}) == "ok");
  CHECK(written(error{.code = errc::bad_time, .offset = 97, .type = "KDC-REQ-BODY", .field = "till"}) ==
        "bad_time in KDC-REQ-BODY.till at offset 97");
  CHECK(written(error{.code = errc::trailing_data, .type = "Ticket"}) == "trailing_data in Ticket");
  CHECK(written(error{.code = errc::no_space, .detail = 4096}) == "no_space (4096)");
  CHECK(written(error{.code = errc::kdc_error, .detail = 6}) == "kdc_error (KDC_ERR_C_PRINCIPAL_UNKNOWN)");
  CHECK(written(error{.code = errc::peer_error, .detail = 9999}) == "peer_error (9999)");
  CHECK(written(error{.code = errc::missing_field, .field = "till"}) == "missing_field");
}

TEST_CASE("ostream: a stream goes on after an error", "[format]") {
  std::ostringstream out;
  out << errc::replayed << ", " << error{.code = errc::no_key} << '!';
  CHECK(out.str() == "replayed, no_key!");
}

}  // namespace
