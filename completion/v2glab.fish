# SPDX-License-Identifier: Apache-2.0
# Completion of v2glab for fish; what may stand where, the program says itself (`v2glab help`).

function __v2glab_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] help --complete -- $words[2..-1] 2>/dev/null)
    test (count $found) -gt 0; or return
    for entry in $found[2..-1]
        echo $entry
    end
    switch $found[1]
        case files
            __fish_complete_path $words[-1]
        case folders
            __fish_complete_directories $words[-1]
    end
end

complete -c v2glab -f -a '(__v2glab_complete)'
