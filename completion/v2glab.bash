# SPDX-License-Identifier: Apache-2.0
# Completion of v2glab for bash; what may stand where, the program says itself (`v2glab help`).

_v2glab() {
    local word=${COMP_WORDS[COMP_CWORD]} kind candidate
    local -a words=("${COMP_WORDS[@]:1:COMP_CWORD-1}") found
    [ "$word" = = ] && word=
    mapfile -t found < <("${COMP_WORDS[0]}" help --complete -- "${words[@]}" "$word" 2>/dev/null)
    kind=${found[0]-files}
    COMPREPLY=()
    for candidate in "${found[@]:1}"; do
        candidate=${candidate%%$'\t'*}
        [[ $candidate == "$word"* ]] && COMPREPLY+=("$candidate")
    done
    case $kind in
    files) compopt -o filenames && mapfile -O "${#COMPREPLY[@]}" -t COMPREPLY < <(compgen -f -- "$word") ;;
    folders) compopt -o filenames && mapfile -O "${#COMPREPLY[@]}" -t COMPREPLY < <(compgen -d -- "$word") ;;
    esac
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}

complete -F _v2glab v2glab
