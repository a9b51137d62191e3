// Compiled once for each test program: what every test file includes.
#include "catch.hpp"
