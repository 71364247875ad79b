/* Hostile: it makes as many System V objects as there may be, some of which it gives away, and
 * shared memory, semaphores and a queue of POSIX, for whoever comes next.
 *
 * Verdict: FAIL
 * Fails: echoes
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

union semun {
    struct semid_ds *info;
};

/* Let user 1 own every object of ours from now on: who made them stays. */
static void give_away(int queue, int semaphores, int memory)
{
    struct msqid_ds about_queue;
    struct semid_ds about_semaphores;
    struct shmid_ds about_memory;
    union semun argument = {&about_semaphores};

    msgctl(queue, IPC_STAT, &about_queue);
    semctl(semaphores, 0, IPC_STAT, argument);
    shmctl(memory, IPC_STAT, &about_memory);
    about_queue.msg_perm.uid = about_semaphores.sem_perm.uid = about_memory.shm_perm.uid = 1;
    msgctl(queue, IPC_SET, &about_queue);
    semctl(semaphores, 0, IPC_SET, argument);
    shmctl(memory, IPC_SET, &about_memory);
}

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    give_away(msgget(IPC_PRIVATE, 0600), semget(IPC_PRIVATE, 1, 0600), shmget(IPC_PRIVATE, 4096, 0600));
    for (int i = 0; i < 5000; i++)
        if (msgget(IPC_PRIVATE, 0600) == -1 && semget(IPC_PRIVATE, 1, 0600) == -1 &&
            shmget(IPC_PRIVATE, 4096, 0600) == -1)
            break;
    for (int i = 0; i < 3000; i++)
        semget(IPC_PRIVATE, 1, 0600);
    shm_open("/left", O_CREAT | O_RDWR, 0666);
    sem_open("/left", O_CREAT, 0666, 1);
    mq_open("/left", O_CREAT | O_RDWR, 0666, NULL);
    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 128);
    for (;;)
        pause();
}
