// GSS-API: contexts of Kerberos and their messages, RFC 4121.
#pragma once
#include "gss/acceptor.hpp"
#include "gss/initiator.hpp"
