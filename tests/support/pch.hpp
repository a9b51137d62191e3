// Compiled once for each test program: what every test file includes.
#pragma once
#include "catch.hpp"
