# family.cmake — list.def is table of contents, registry and source list at once.

# Appends to `out` one source per line of DIR/list.def: RULE(sgd) is DIR/sgd.c.
function(tally_family out dir)
  set(list ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/list.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(STRINGS ${list} lines REGEX "^[A-Z]+\\([a-z0-9_]+\\)")
  foreach(line ${lines})
    string(REGEX REPLACE "^[A-Z]+\\(([a-z0-9_]+)\\).*" "\\1" name "${line}")
    list(APPEND ${out} ${dir}/${name}.c)
  endforeach()
  set(${out} ${${out}} PARENT_SCOPE)
endfunction()
