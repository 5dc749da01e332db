# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# Completion for bash, of tally and of links tally-TOOL. The program itself says what may follow:
# `tally __complete WORD...` (src/cli/completion.h).

_tally() {
    # COMP_WORDS is cut at the = and : of COMP_WORDBREAKS too; here what no blank separates is one
    # word. The last one ends at the cursor.
    local words=() rest=${COMP_LINE:0:COMP_POINT} blanks part i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:blank:]]*}
        rest=${rest#"$blanks"}
        part=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || part=$rest
        rest=${rest#"$part"}
        if [[ -n $blanks || i -eq 0 ]]; then
            words+=("$part")
        else
            words[-1]+=$part
        fi
    done
    local typed=${words[-1]} word
    ((${#words[@]} > 1)) || return

    # What the shell would make of the quotes that it leaves in the words. (No eval: the words may be
    # anything.)
    local plain=()
    for word in "${words[@]}"; do
        case $word in
            [\'\"]*) word=${word:1} word=${word%[\'\"]} ;;
            *\\*) word=${word//\\/} ;;
        esac
        plain+=("${word/#\~\//$HOME/}")
    done

    # A candidate replaces what follows the last = or :, unless quotes hide them.
    local kept="" open=""
    case $typed in
        [\'\"]*) open=yes ;;
        *[=:]*)
            [[ $COMP_WORDBREAKS == *[=:]* ]] && kept=${typed%"${typed##*[=:]}"}
            ;;
    esac
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            *$'\t'*)
                word=${line%%$'\t'*}
                if [[ -z $open ]]; then
                    printf -v word %q "$word"
                elif [[ $word == *[^[:alnum:]_./@%+,:=-]* ]]; then
                    continue # would need other quotes than the open ones
                fi
                COMPREPLY+=("${word#"$kept"}")
                ;;
            :files) compopt -o default ;;
            :directories) compopt -o dirnames ;;
            :command)
                for ((i = 1; i < COMP_CWORD; i++)); do
                    [[ ${COMP_WORDS[i]} != -- ]] || break
                done
                if declare -F _command_offset >/dev/null; then
                    _command_offset $((i + 1))
                elif ((i + 1 == COMP_CWORD)); then
                    mapfile -t COMPREPLY < <(compgen -c -- "${plain[-1]}")
                else
                    compopt -o default
                fi
                ;;
        esac
    done < <("${plain[0]}" __complete "${plain[@]:1}" 2>/dev/null)
}

# bash-completion reads this file by the name of the command, which may be a link's.
complete -F _tally tally "${BASH_SOURCE[0]##*/}"
