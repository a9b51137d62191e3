// Errors in Catch2's messages. A program of its own: format/ostream.hpp is included in each file of it, and Catch2 has
// one function for all files of a program.
#include <kerb/format/ostream.hpp>

#include "support/catch.hpp"

using kerb::errc;
using kerb::error;

TEST_CASE("ostream: Catch prints errors", "[format]") {
  CHECK(Catch::Detail::stringify(errc::replayed) == "replayed");
  CHECK(Catch::Detail::stringify(error{.code = errc::no_key, .type = "Ticket"}) == "no_key in Ticket");
}
