// The trace of examples/kerb.
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "../examples/kerb/tracer.hpp"
#include "support/catch.hpp"

using namespace kerb;
using namespace kerb::literals;

TEST_CASE("examples/kerb: the trace has events of any length", "[examples]") {
  char directory[] = "/tmp/kerb-trace-XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/trace";
  const std::string longest(20000, 'R');
  const trace_event event = trace::referred{"A.ORG"_krb, kerberos_string::of(longest)};
  for (const example::tracing how : {example::tracing::text, example::tracing::json}) {
    {
      example::options o;
      o.trace = how;
      o.trace_file = path;
      example::tracer sink(o);
      sink({{1767268800}, {0}}, event);
      sink({{1767268800}, {0}}, trace::referred{"A.ORG"_krb, "B.ORG"_krb});
    }
    std::ifstream in(path);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    CHECK(all.find(longest) != std::string::npos);
    CHECK(std::count(all.begin(), all.end(), '\n') == 2);
    CHECK(all.find("B.ORG") > all.find(longest));
  }
  std::filesystem::remove_all(directory);
}
