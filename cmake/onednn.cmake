# onednn.cmake — oneDNN, which multiplies the matrices of layers where it is the faster:
# found, or done without.  Debian: libdnnl-dev.  TALLY_ONEDNN=AUTO, ON or OFF.

set(TALLY_ONEDNN AUTO CACHE STRING "AUTO, ON or OFF")
set(built_onednn none)
if(TALLY_ONEDNN STREQUAL OFF OR TALLY_DOUBLE) # it multiplies floats
  return()
endif()

find_path(ONEDNN_INCLUDE oneapi/dnnl/dnnl.h)
find_library(ONEDNN_LIBRARY dnnl)
# Its threads are those of the OpenMP runtime that it was linked with, gcc's.
find_library(ONEDNN_OPENMP NAMES gomp libgomp.so.1)
mark_as_advanced(ONEDNN_INCLUDE ONEDNN_LIBRARY ONEDNN_OPENMP)
set(version "")
if(ONEDNN_INCLUDE AND ONEDNN_LIBRARY AND ONEDNN_OPENMP)
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_version.h line
      REGEX "define DNNL_VERSION_${part} ")
    string(REGEX REPLACE ".* " "" number "${line}")
    list(APPEND version ${number})
  endforeach()
  string(REPLACE ";" "." version "${version}")
endif()

# Version 3 describes products in other words.
if(version MATCHES "^2\\.")
  set(built_onednn ${version})
  list(APPEND needs ${ONEDNN_LIBRARY} ${ONEDNN_OPENMP})
elseif(TALLY_ONEDNN STREQUAL ON)
  message(FATAL_ERROR "TALLY_ONEDNN=ON but no oneDNN 2 was found (\"${version}\"): "
    "install libdnnl-dev")
endif()
