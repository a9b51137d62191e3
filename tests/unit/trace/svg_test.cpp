// Trace events as a sequence diagram.
#include <kerb/trace/svg.hpp>

#include "support/traced_walk.hpp"

using namespace kerb_test;
namespace t = kerb::trace;

namespace {
std::size_t count(const std::string& in, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++n;
  return n;
}
std::string drawn(std::size_t space, std::size_t& needed) {
  std::vector<char> buffer(space);
  svg_trace drawing(buffer);
  walk_referrals(drawing);
  const auto r = drawing.finish();
  needed = r ? r->size() : r.error().detail;
  return r ? std::string(*r) : std::string();
}
}  // namespace

TEST_CASE("svg_trace: draws a lane for each KDC and an arrow for each message", "[trace]") {
  std::size_t size = 0;
  const std::string svg = drawn(65536, size);
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1780\""));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count(svg, "<line class=\"l\"") == 5);  // cache, client, three KDCs
  CHECK(count(svg, ">KDC of ") == 3);
  CHECK(svg.find(">KDC of A.ORG<") < svg.find(">KDC of B.A.ORG<"));
  CHECK(svg.find(">KDC of B.A.ORG<") < svg.find(">KDC of C.B.A.ORG<"));
  CHECK(count(svg, "<line class=\"m ") == 8 + 10);  // four searches and their answers; five requests and their answers
  CHECK(count(svg, "<line class=\"m no\"") == 5);   // four misses, one KRB-ERROR
  CHECK(count(svg, "<text") == count(svg, "</text>"));

  SECTION("a buffer of exactly its size is enough, and one octet less is refused with the size") {
    std::size_t needed = 0;
    CHECK(drawn(size, needed) == svg);
    CHECK(drawn(size - 1, needed).empty());
    CHECK(needed == size);
    CHECK(drawn(0, needed).empty());
    CHECK(needed == size);
  }
}

TEST_CASE("svg_trace: the eleventh realm shares a lane, and a long name is cut", "[trace]") {
  std::vector<char> buffer(65536);
  svg_trace drawing(buffer);
  std::list<std::string> names;
  for (unsigned i = 0; i != 12; ++i) {
    const std::string& name = names.emplace_back(std::string(100, 'R') + std::to_string(i));
    drawing(noon, t::reply_arrived{kerberos_string::of(std::string_view(name).substr(i)), true, 1});
  }
  const std::string svg(must(drawing.finish()));
  CHECK(count(svg, ">KDC of ") == 10);
  CHECK(count(svg, ">KDC of " + std::string(40, 'R') + "<") == 10);
}

TEST_CASE("svg_trace: the drawing is as wide as its longest sentence", "[trace]") {
  const auto width = [](std::size_t letters) {
    std::vector<char> buffer(65536);
    svg_trace drawing(buffer);
    const std::string name(letters, 'R');
    drawing(noon, t::fallback_used{kerberos_string::of(name)});
    const std::string svg(must(drawing.finish()));
    return std::stoul(svg.substr(svg.find("width=\"") + 7));
  };
  CHECK(width(200) == width(100) + 700);
}

TEST_CASE("svg_trace: without events there is an empty drawing", "[trace]") {
  std::vector<char> buffer(4096);
  svg_trace drawing(buffer);
  CHECK(must(drawing.finish()).ends_with("</svg>\n"));
}
