// GSS-API: contexts of Kerberos and their messages, SPNEGO, SASL and HTTP's Negotiate.
#pragma once
#include "gss/accept.hpp"
#include "gss/export.hpp"
#include "gss/fragments.hpp"
#include "gss/gs2.hpp"
#include "gss/http.hpp"
#include "gss/initiator.hpp"
#include "gss/many.hpp"
#include "gss/negotiate_initiator.hpp"
#include "gss/sasl.hpp"
